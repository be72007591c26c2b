using System.Net;
using System.Net.Sockets;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Faults;
using Xunit;

namespace Loggregator.IntegrationTests.Nozzles;

/// <summary>
/// The oracle over links: those to the Dopplers and to the receiver are cut, refuse and stall at seeded moments while lines come, and the nozzle is stopped
/// and started among it. Everything arrives, in order per source, and nothing that nobody sent.
/// </summary>
public sealed class NozzleOracleTests : ClusterTest, IAsyncDisposable
{
    private static readonly string[] Apps = [.. Enumerable.Range(0, 6).Select(app => $"app-{app}")];
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-oracle-").FullName;

    private string Output => Path.Combine(_folder, "received.ndjson");

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory(Timeout = 180_000)]
    [InlineData(1, "fifo")]
    [InlineData(2, "fifo")]
    [InlineData(3, "live-first")]
    public async Task LinksThatFail_CostNothing(int seed, string order)
    {
        var cancel = TestContext.Current.CancellationToken;
        var random = new Random(seed);
        using var stop = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var receiving = ReceiveAsync(listener, stop.Token);
        await using var link = new FaultProxy(((IPEndPoint)listener.LocalEndpoint).Port, seed);
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 2,
            Agents = 1,
            TrafficControllers = 0,
            Nozzles = 1,
            Seed = seed * 100,
            Lists = new Dictionary<string, string[]> { ["Nozzle:Sink"] = [$"out=syslog://{link.Address}?framing=newline&format=json&retry-max=200ms&timeout=1s&order={order}"] },
        });
        var nozzle = cluster.Nozzles[0];
        var load = Load(cluster.Produce(cluster.Agents[0]), Apps, bytes: 100);
        for (var fault = 0; fault < 12; fault++)
        {
            await load.MoreAsync(random.Next(50, 400), cancel);
            var victim = random.Next(3) == 0 ? cluster.Link(nozzle, cluster.Dopplers[random.Next(2)]) : link;
            switch (random.Next(4))
            {
                case 0:
                    victim.Cut();
                    break;
                case 1:
                    victim.Cut(refuse: true);
                    await load.MoreAsync(random.Next(50, 400), cancel);
                    victim.Restore();
                    break;
                case 2:
                    victim.Stall();
                    await load.MoreAsync(random.Next(50, 400), cancel);
                    victim.Resume();
                    break;
                default:
                    await nozzle.StopAsync();
                    await load.MoreAsync(random.Next(50, 400), cancel);
                    await nozzle.StartAsync(cancel);
                    break;
            }
        }

        await load.StopAsync();
        await Deadline.UntilAsync(() => SinkFile.Of(Output).Count >= load.Total, () => $"{load.Total} lines with seed {seed}; {SinkFile.Of(Output).Count} came", cancel, TimeSpan.FromSeconds(90));
        await stop.CancelAsync();
        await receiving;
        var file = SinkFile.Of(Output);
        foreach (var app in Apps)
        {
            var numbers = file.Numbers(app);
            Assert.Equal(Enumerable.Range(0, (int)load.Accepted(app)).Select(number => (long)number), order == "fifo" ? numbers : numbers.Order());
        }

        Assert.Empty(file.Gaps);
    }

    // A line that was cut off with its connection is not written: a receiver would drop it.
    private async Task ReceiveAsync(TcpListener listener, CancellationToken stop)
    {
        await using var file = new StreamWriter(Output, append: true) { AutoFlush = true };
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                using var reader = new StreamReader(client.GetStream());
                while (await reader.ReadLineAsync(stop) is { } line)
                {
                    if (line.EndsWith('}'))
                    {
                        await file.WriteLineAsync(line);
                    }
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The next connection, or the end.
            }
        }
    }
}
