using System.Text.Json;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>docker-compose.yml as docker-compose itself understands it: for each service its image and its command, split into words.</summary>
internal sealed record ComposeFile(IReadOnlyDictionary<string, (string Image, string[] Command)> Services)
{
    /// <summary>The image that deploy/container/build.sh makes.</summary>
    public const string OurImage = "loggregator:latest";

    // docker-compose of Debian is a Python program, so its interpreter and its YAML parser are there.
    private const string ToJson = """
        import json, shlex, sys, yaml
        services = yaml.safe_load(sys.stdin)["services"]
        words = lambda command: shlex.split(command) if isinstance(command, str) else command or []
        print(json.dumps({name: [service["image"], *words(service.get("command"))] for name, service in services.items()}))
        """;

    /// <summary>Our services: name and command line.</summary>
    public IEnumerable<(string Name, string[] Command)> Ours => Services.Where(service => service.Value.Image == OurImage).Select(service => (service.Key, service.Value.Command));

    public static async Task<ComposeFile> ReadAsync()
    {
        var resolved = await Tool.RunAsync("docker-compose", "config");
        var json = await Tool.RunAsync([], resolved, "/usr/bin/python3", "-c", ToJson);
        return new ComposeFile(JsonSerializer.Deserialize<Dictionary<string, string[]>>(json)!.ToDictionary(service => service.Key, service => (service.Value[0], service.Value[1..])));
    }
}
