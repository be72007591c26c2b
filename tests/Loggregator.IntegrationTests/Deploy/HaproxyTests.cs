using System.Diagnostics;
using System.Globalization;
using Loggregator.Client.Connect;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.IntegrationTests.Exe;
using Loggregator.TestKit;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Loggregator.TrafficController;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>deploy/haproxy/haproxy.cfg in front of two Traffic Controllers; of the file only the addresses are replaced.</summary>
public sealed class HaproxyTests : ClusterTest
{
    private readonly int _http = PeerProcess.FreePort();
    private readonly int _grpc = PeerProcess.FreePort();

    [Fact]
    public async Task Configuration_AsItIs_IsValid() =>
        await Tool.RunAsync("haproxy", "-c", "-f", "deploy/haproxy/haproxy.cfg");

    [Fact(Timeout = 90_000)]
    public async Task TrafficController_Stopped_TailResumesAtTheOtherWithoutLossOrRepetition()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1, Dopplers = 2, MutualTls = true });
        using var folder = new ProxyFolder();
        using var haproxy = await StartProxyAsync(cluster, folder, cancel);
        using var tail = DevProcess.Start("tail", "app", "--url", $"http://127.0.0.1:{_http}", "--format", "raw");
        var notices = tail.StandardError.ReadToEndAsync(cancel);
        try
        {
            var producer = cluster.Produce(cluster.Agents[0]);
            await producer.SendAsync("app", 0, 50, cancel);
            Assert.Equal(Enumerable.Range(0, 50), await ReadAsync(tail, 50, cancel));

            var serving = cluster.TrafficControllers.Single(controller => Streams(controller) > 0);
            await serving.StopAsync();
            await producer.SendAsync("app", 50, 50, cancel);
            Assert.Equal(Enumerable.Range(50, 50), await ReadAsync(tail, 50, cancel));

            // gRPC keeps the client's certificate, and reaches whoever is left.
            using var channel = Channel(cluster);
            await using var consumer = new GrpcConsumer(channel, GrpcConsumer.Logs("app"));
            await Deadline.UntilAsync(() => consumer.Tally.Lines > 0, () => $"gRPC through haproxy: {consumer.Failure}\n{haproxy.Output}", cancel, each: () => producer.SendAsync("app", 100, 1, cancel));

            await DevProcess.TerminateAsync(tail);
            Assert.Contains("0 missed", await notices, StringComparison.Ordinal);
            Assert.Contains("reconnected, 0 lost", await notices, StringComparison.Ordinal);
        }
        finally
        {
            tail.Kill();
        }
    }

    [Fact(Timeout = 90_000)]
    public async Task TrafficController_WithoutDoppler_IsNotReadyAndGetsNoClients()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1, Dopplers = 1, MutualTls = true });
        using var folder = new ProxyFolder();
        using var haproxy = await StartProxyAsync(cluster, folder, cancel);
        var alone = cluster.TrafficControllers[0];
        var link = cluster.Link(alone, cluster.Dopplers[0]);

        cluster.Errors.Expect("TLS with doppler"); // the proxy takes the connection and closes it
        link.Cut(refuse: true);
        await SaysAsync(haproxy, "Server http/traffic-controller-1 is DOWN, reason: Layer7 wrong status, code: 503", cancel);
        await SaysAsync(haproxy, "Server grpc/traffic-controller-1 is DOWN", cancel);
        using (var http = new HttpClient())
        {
            for (var request = 0; request < 4; request++)
            {
                using var stream = await http.GetAsync($"http://127.0.0.1:{_http}/v2/stream", HttpCompletionOption.ResponseHeadersRead, cancel);
                stream.EnsureSuccessStatusCode();
                await Deadline.UntilAsync(() => Streams(cluster.TrafficControllers[1]) > 0, () => "the other one serves it", cancel);
                Assert.Equal(0, Streams(alone));
            }
        }

        link.Restore();
        await SaysAsync(haproxy, "Server http/traffic-controller-1 is UP", cancel);
    }

    private static long Streams(ClusterRole controller) => Volatile.Read(ref controller.Services.GetRequiredService<TrafficControllerCounters>().SseStreams);

    private static Task SaysAsync(PeerProcess haproxy, string text, CancellationToken cancel) =>
        Deadline.UntilAsync(() => haproxy.Output.Contains(text, StringComparison.Ordinal), () => $"'{text}' in\n{haproxy.Output}", cancel, TimeSpan.FromSeconds(30));

    private static async Task<List<int>> ReadAsync(Process tail, int count, CancellationToken cancel)
    {
        var numbers = new List<int>();
        while (numbers.Count < count)
        {
            numbers.Add(int.Parse(await tail.StandardOutput.ReadLineAsync(cancel) ?? throw new EndOfStreamException("The tail ended."), CultureInfo.InvariantCulture));
        }

        return numbers;
    }

    private Grpc.Net.Client.GrpcChannel Channel(InProcessCluster cluster)
    {
        var client = cluster.ClientTls();
        var credentials = PeerCredentials.Load(new PeerFiles(client.CertificateFile!, client.KeyFile!, client.AuthorityFile!));
        return new PeerConnector(credentials).Open($"127.0.0.1:{_grpc}", PeerConnector.ReverseLogProxyName);
    }

    private async Task<PeerProcess> StartProxyAsync(InProcessCluster cluster, ProxyFolder folder, CancellationToken cancel)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/haproxy/haproxy.cfg"), cancel);
        text = text.Replace("bind :8081", $"bind 127.0.0.1:{_http}", StringComparison.Ordinal).Replace("bind :8083", $"bind 127.0.0.1:{_grpc}", StringComparison.Ordinal);
        foreach (var (controller, number) in cluster.TrafficControllers.Select((controller, index) => (controller, index + 1)))
        {
            var name = $"traffic-controller-{number} traffic-controller-{number}";
            var here = $"traffic-controller-{number} 127.0.0.1";
            text = text.Replace($"{name}:8081 check port 9103", $"{here}:{controller.HttpPort} check port {controller.MetricsPort}", StringComparison.Ordinal)
                .Replace($"{name}:8083 check port 9103", $"{here}:{controller.GrpcPort} check port {controller.MetricsPort}", StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(folder.Configuration, text, cancel);
        var haproxy = new PeerProcess("haproxy", folder.Path, null, "-db", "-f", folder.Configuration);
        await haproxy.StartAsync(() => PeerProcess.Accepts(_http) && PeerProcess.Accepts(_grpc), cancel);
        return haproxy;
    }

    private sealed class ProxyFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("loggregator-haproxy-").FullName;

        public string Configuration => System.IO.Path.Combine(Path, "haproxy.cfg");

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
