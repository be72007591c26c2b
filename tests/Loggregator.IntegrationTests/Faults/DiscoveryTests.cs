using System.Net;
using Loggregator.Agent;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Loggregator.TrafficController;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class DiscoveryTests : ClusterTest
{
    private static readonly string[] Sources = ["app-0", "app-1", "app-2", "app-3"];
    private static readonly IPAddress First = IPAddress.Loopback;
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    [Fact(Timeout = 120_000)]
    public async Task Name_WhoseAnswersChange_MovesAgentsAndReadersWithoutLoss()
    {
        var cancel = TestContext.Current.CancellationToken;
        IPAddress[] answer = [First];
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 2,
            Agents = 1,
            TrafficControllers = 1,
            Resolve = () => Volatile.Read(ref answer),
            Settings = new Dictionary<string, string>
            {
                ["Agent:DnsRefresh"] = "00:00:00.1",
                ["Agent:Lanes"] = "8",
                ["TrafficController:DnsRefresh"] = "00:00:00.1",
            },
        });
        var (old, added) = (Counters(cluster.Dopplers[0]), Counters(cluster.Dopplers[1]));
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await Deadline.UntilAsync(() => old.Subscriptions == 1, () => Conservation.Describe(cluster), cancel);
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources);
        await load.MoreAsync(500, cancel);
        Assert.Equal(0, added.Received);

        Volatile.Write(ref answer, [First, Second]);
        var attached = cluster.TrafficControllers[0].Services.GetRequiredService<TrafficControllerCounters>();
        await Deadline.UntilAsync(
            () => attached.DopplersAttached == 2 && added.Subscriptions == 1, () => $"both Dopplers are attached\n{Conservation.Describe(cluster)}", cancel);
        await load.MoreAsync(500, cancel);
        Volatile.Write(ref answer, [Second]);
        var moves = cluster.Agents[0].Services.GetRequiredService<AgentCounters>();
        await Deadline.UntilAsync(() => old.IngressStreams == 0, () => $"agents have left the first\n{Conservation.Describe(cluster)}", cancel);
        await cluster.Dopplers[0].StopAsync(); // until then readers stay at one that is no longer named
        await Deadline.UntilAsync(() => attached.DopplersAttached == 1, () => $"readers have left the first\n{Conservation.Describe(cluster)}", cancel);
        await load.MoreAsync(500, cancel);
        await load.StopAsync();

        await reader.DistinctAsync(load.Total, cancel);
        Assert.All(Sources, source => Assert.Empty(reader.Missing(source, load.Accepted(source))));
        Assert.Equal(0, reader.Lost());
        Assert.True(added.Received > 0 && moves.Moves > 0, Conservation.Describe(cluster));
    }

    private static DopplerCounters Counters(ClusterRole doppler) => doppler.Services.GetRequiredService<DopplerCounters>();
}
