using Loggregator.IntegrationTests.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>Our image, and the services of docker-compose.yml that need no other, in a Docker engine.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ContainerTests
{
    private static readonly string[] Client = ["--cert", "/certs/client.crt", "--key", "/certs/client.key", "--ca", "/certs/ca.crt"];

    [Fact(Timeout = 300_000)]
    public async Task Compose_OurServices_CarryLinesToATailAndStopInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var services = (await ComposeFile.ReadAsync()).Ours.Select(service => service.Name).ToArray();
        await using var engine = await DockerEngine.StartAsync();
        await engine.RunAsync(null, "bash", "deploy/container/build.sh");
        await engine.RunAsync(null, "docker-compose", ["up", "-d", .. services]);
        try
        {
            using var tail = engine.Start("docker-compose", "exec", "-T", "traffic-controller-1", "loggregator", "tail", "web", "--url", "https://127.0.0.1:8081", "--ca", "/certs/ca.crt", "--format", "raw");
            await EmitAsync(engine, 1, 30);
            Assert.Equal(Lines(1, 30), await ReadAsync(tail.StandardOutput, 30, cancel));
            await EmitAsync(engine, 31, 30);
            Assert.Equal(Lines(31, 30), await ReadAsync(tail.StandardOutput, 30, cancel));
            tail.Kill();

            var second = await engine.RunAsync(
                null, "docker-compose", "exec", "-T", "traffic-controller-2", "loggregator", "tail", "web", "--url", "https://127.0.0.1:8081", "--ca", "/certs/ca.crt", "--no-follow", "--format", "raw");
            Assert.Equal(Lines(1, 60), second.Split('\n', StringSplitOptions.RemoveEmptyEntries));

            // Once more from the start: the certificates stay.
            await engine.RunAsync(null, "docker-compose", ["up", "-d", .. services]);
            Assert.Contains("/certs/ca.crt is kept.", await engine.RunAsync(null, "docker-compose", "logs", "--no-color", "ca"), StringComparison.Ordinal);

            await engine.RunAsync(null, "docker-compose", "stop");
            var ended = await engine.RunAsync(null, "docker", "ps", "--all", "--format", "{{.Names}}: {{.Status}}");
            Assert.Equal(services.Length, ended.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.Contains("Exited (0)", StringComparison.Ordinal)));
            Assert.DoesNotContain(" ERROR ", await engine.RunAsync(null, "docker-compose", "logs", "--no-color"), StringComparison.Ordinal);
        }
        catch
        {
            TestContext.Current.TestOutputHelper?.WriteLine(await engine.RunAsync(null, "docker-compose", "logs", "--no-color"));
            throw;
        }
    }

    private static async Task EmitAsync(DockerEngine engine, int from, int count) => await engine.RunAsync(
        string.Join('\n', Lines(from, count)) + "\n", "docker-compose", ["exec", "-T", "agent", "loggregator", "emit", "--source", "web", .. Client, "-"]);

    private static IEnumerable<string> Lines(int from, int count) => Enumerable.Range(from, count).Select(number => $"line {number}");

    private static async Task<List<string>> ReadAsync(StreamReader reader, int count, CancellationToken cancel)
    {
        var lines = new List<string>();
        while (lines.Count < count)
        {
            lines.Add(await reader.ReadLineAsync(cancel) ?? throw new EndOfStreamException($"The tail ended after {lines.Count} lines."));
        }

        return lines;
    }
}
