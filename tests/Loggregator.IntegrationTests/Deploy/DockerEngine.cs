using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>
/// A Docker engine of its own, in namespaces of its own: it shares neither network nor mounts with the machine, and when its first process is killed,
/// its containers, links and mounts are gone with it.
/// </summary>
internal sealed class DockerEngine : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-docker-").FullName;
    private readonly PeerProcess _process;

    private DockerEngine() => _process = new PeerProcess(
        "unshare",
        _folder,
        null,
        ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", $"ip link set lo up && exec dockerd --data-root {_folder}/data --exec-root {_folder}/exec --pidfile {_folder}/pid -H unix://{Socket}"]);

    private string Socket => Path.Combine(_folder, "socket");

    private (string, string)[] Environment => [("DOCKER_HOST", $"unix://{Socket}"), ("DOCKER_BUILDKIT", "0"), ("COMPOSE_PROJECT_NAME", "loggregator-test"), ("COMPOSE_FILE", "docker-compose.yml:tests/Loggregator.IntegrationTests/Deploy/docker-compose.override.yml")];

    public static async Task<DockerEngine> StartAsync()
    {
        var engine = new DockerEngine();
        try
        {
            await engine._process.StartAsync(() => File.Exists(engine.Socket), TestContext.Current.CancellationToken);
            await engine.RunAsync("docker", "version");
            return engine;
        }
        catch (Exception e)
        {
            await engine.DisposeAsync();
            throw new InvalidOperationException("No Docker engine can be started here. It needs root and the packages docker.io, iptables and iproute2 of Debian.", e);
        }
    }

    /// <summary>Runs a client of the engine to its end; its standard output.</summary>
    public Task<string> RunAsync(string program, params string[] arguments) => RunWithInputAsync("", program, arguments);

    /// <summary>Runs a client that reads.</summary>
    public Task<string> RunWithInputAsync(string input, string program, params string[] arguments) => Tool.RunAsync(Environment, input, program, arguments);

    /// <summary>Starts a client of the engine.</summary>
    public System.Diagnostics.Process Start(string program, params string[] arguments) => Tool.Start(Environment, program, arguments);

    public async ValueTask DisposeAsync()
    {
        _process.Dispose();
        var trouble = "";
        await Deadline.UntilAsync(() => TryDelete(ref trouble), () => $"{_folder} is removed: {trouble}", CancellationToken.None, TimeSpan.FromSeconds(30));
    }

    /// <summary>The engine's last processes and mounts go a moment after its first.</summary>
    private bool TryDelete(ref string trouble)
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            trouble = e.Message;
            return false;
        }
    }
}
