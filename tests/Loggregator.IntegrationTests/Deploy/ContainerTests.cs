using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>Our image, and the services of docker-compose.yml that need no other, in a Docker engine.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ContainerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Tail = ["loggregator", "tail", "web", "--url", "https://127.0.0.1:8081", "--ca", "/certs/ca.crt", "--format", "raw"];
    private static readonly string[] Emit = ["loggregator", "emit", "--source", "web", "--cert", "/certs/client.crt", "--key", "/certs/client.key", "--ca", "/certs/ca.crt", "-"];

    [Fact(Timeout = 300_000)]
    public async Task Compose_OurServices_CarryLinesToTailsAndSinksAndStopInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var services = (await ComposeFile.ReadAsync()).Ours.Select(service => service.Name).ToArray();
        await using var engine = await DockerEngine.StartAsync();
        await engine.RunAsync("bash", "deploy/container/build.sh");
        await engine.RunAsync("docker-compose", ["up", "-d", .. services]);
        try
        {
            using var tail = engine.Start("docker-compose", ["exec", "-T", "traffic-controller-1", .. Tail]);
            await EmitAsync(engine, 1, 30);
            Assert.Equal(Lines(1, 30), await ReadAsync(tail.StandardOutput, 30, cancel));
            await EmitAsync(engine, 31, 30);
            Assert.Equal(Lines(31, 30), await ReadAsync(tail.StandardOutput, 30, cancel));
            tail.Kill();

            var held = await engine.RunAsync("docker-compose", ["exec", "-T", "traffic-controller-2", .. Tail, "--no-follow"]);
            Assert.Equal(Lines(1, 60), held.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await DeliveredAsync(engine, cancel);

            // Once more from the start: the certificates stay.
            await engine.RunAsync("docker-compose", ["up", "-d", .. services]);
            Assert.Contains("/certs/ca.crt is kept.", await LogsAsync(engine, "ca"), StringComparison.Ordinal);

            await engine.RunAsync("docker-compose", "stop");
            var ended = await engine.RunAsync("docker", "ps", "--all", "--format", "{{.Names}}: {{.Status}}");
            Assert.All(ended.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains("Exited (0)", line, StringComparison.Ordinal));
            Assert.DoesNotContain(" ERROR ", await LogsAsync(engine), StringComparison.Ordinal);
        }
        catch
        {
            TestContext.Current.TestOutputHelper?.WriteLine(await LogsAsync(engine));
            throw;
        }
    }

    /// <summary>Waits until standard output and Kafka, whose native library has then been loaded from the image, have got all that was emitted.</summary>
    private static async Task DeliveredAsync(DockerEngine engine, CancellationToken cancel)
    {
        var (logs, kafka) = ("", "");
        await Deadline.UntilAsync(
            () => Lines(1, 60).All(line => logs.Contains($" web/0 OUT {line}\n", StringComparison.Ordinal)) && kafka.Contains("nothing to deliver", StringComparison.Ordinal),
            () => $"60 lines on standard output, and nothing left for Kafka: {kafka}",
            cancel,
            Patience,
            async () =>
            {
                logs = await LogsAsync(engine, "nozzle");
                kafka = await engine.RunAsync("docker-compose", "exec", "-T", "nozzle", "loggregator", "spool", "inspect", "/var/lib/loggregator/spool/kafka/spool");
            });
        Assert.Matches(@"delivered: 1 to [6-9]\d", kafka);
    }

    private static Task<string> LogsAsync(DockerEngine engine, params string[] services) => engine.RunAsync("docker-compose", ["logs", "--no-color", .. services]);

    private static async Task EmitAsync(DockerEngine engine, int from, int count) =>
        await engine.RunWithInputAsync(string.Join('\n', Lines(from, count)) + "\n", "docker-compose", ["exec", "-T", "agent", .. Emit]);

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
