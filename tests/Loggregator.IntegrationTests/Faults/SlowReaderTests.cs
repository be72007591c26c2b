using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class SlowReaderTests : ClusterTest
{
    private const long LogBytes = 2 * 1024 * 1024;
    private const int LineBytes = 4096;

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Subscriber_ThatStopsReading_IsToldWhatItMissedAndOthersMissNothing(bool grpc)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 2,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string>
            {
                ["Doppler:LogBytes"] = $"{LogBytes}",
                ["TrafficController:ClientBytes"] = "65536",
            },
        });
        var controller = cluster.TrafficControllers[0];
        var grpcSlow = grpc ? cluster.Consume(controller, GrpcConsumer.Logs()) : null;
        var sseSlow = grpc ? null : cluster.Read(controller, "/v2/stream");
        var slow = grpcSlow?.Tally ?? sseSlow!.Tally;
        var gate = grpcSlow?.Gate ?? sseSlow!.Gate;
        Tally[] others = [cluster.Consume(controller, GrpcConsumer.Logs()).Tally, cluster.Read(controller, "/v2/stream").Tally];
        await cluster.LiveAsync("marks", cancel, [slow, .. others]);

        gate.Close();
        var producer = cluster.Produce(cluster.Agents[0]);
        string[] sources = ["app-0", "app-1", "app-2", "app-3"];
        var sent = 0;
        for (; sent < 3000 && slow.Lost() == 0; sent += 50)
        {
            foreach (var source in sources)
            {
                await producer.SendAsync(source, sent, 50, cancel, bytes: LineBytes);
            }

            foreach (var other in others)
            {
                await other.LinesAsync((sent + 50) * sources.Length, cancel);
            }
        }

        Assert.All(cluster.Dopplers, doppler => Assert.InRange(doppler.Services.GetRequiredService<DopplerCounters>().LogBytes, 0, LogBytes));
        gate.Open();
        await Deadline.UntilAsync(
            () => slow.Lines + slow.Lost() >= sent * sources.Length, () => $"{sent * sources.Length} received or told; {slow}", cancel);

        Assert.True(slow.Lost(reason: "evicted") > 0, $"the log did not overflow: {slow}");
        Assert.All(sources, source => Assert.Equal(sent, slow.Distinct(source) + slow.Lost(source)));
        Assert.Equal(0, slow.Copies);
        Assert.All(sources, source => Assert.All(others, other => Assert.Null(other.NotInOrder(source, sent))));
        Assert.All(others, other => Assert.Equal(0, other.Lost()));
    }
}
