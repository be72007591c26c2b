using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Pipeline;

[Collection(ClusterCollection.Name)]
public sealed class EndToEndTests
{
    private const int Sources = 20;
    private const int LinesPerSource = 400;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 40_000)]
    public async Task Lines_OverTwoAgentsAndThreeDopplers_ReachEachConsumerOnceAndInOrder()
    {
        await using var cluster = await InProcessCluster.StartAsync(new ClusterOptions(), Cancel);
        Tally[] readers =
        [
            cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally,
            cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally,
            cluster.Consume(cluster.TrafficControllers[1], GrpcConsumer.Logs()).Tally,
            cluster.Read(cluster.TrafficControllers[0], "/v2/stream").Tally,
            cluster.Read(cluster.TrafficControllers[1], "/v2/read?log").Tally,
        ];
        await cluster.LiveAsync("marks", Cancel, readers);

        await SendAllAsync(cluster);

        foreach (var reader in readers)
        {
            await reader.LinesAsync(Sources * LinesPerSource, Cancel);
            Assert.All(Enumerable.Range(0, Sources), source => Assert.Null(reader.NotInOrder($"app-{source}", LinesPerSource)));
            Assert.Equal(0, reader.Lost());
        }
    }

    [Fact(Timeout = 40_000)]
    public async Task Lines_WithMutualTlsOnEveryHop_ReachTheConsumerOnceAndInOrder()
    {
        await using var cluster = await InProcessCluster.StartAsync(new ClusterOptions { MutualTls = true, Dopplers = 2 }, Cancel);
        var reader = cluster.Consume(cluster.TrafficControllers[1], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", Cancel, reader);

        await SendAllAsync(cluster);

        await reader.LinesAsync(Sources * LinesPerSource, Cancel);
        Assert.All(Enumerable.Range(0, Sources), source => Assert.Null(reader.NotInOrder($"app-{source}", LinesPerSource)));
        Assert.Equal(0, reader.Lost());
    }

    [Fact(Timeout = 40_000)]
    public async Task ShardGroup_OverTwoTrafficControllers_GetsEachLineExactlyOnce()
    {
        await using var cluster = await InProcessCluster.StartAsync(new ClusterOptions(), Cancel);
        var members = Enumerable.Range(0, 4)
            .Select(member => cluster.Consume(cluster.TrafficControllers[member % 2], GrpcConsumer.Shard("group")).Tally).ToList();
        var whole = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", Cancel, whole);
        await cluster.SubscribedAsync(members.Count + 1, Cancel);

        await SendAllAsync(cluster);

        await whole.LinesAsync(Sources * LinesPerSource, Cancel);
        await Deadline.UntilAsync(
            () => members.Sum(member => member.Lines) >= Sources * LinesPerSource, () => $"all lines at the group: {string.Join(" | ", members)}", Cancel);
        Assert.Equal(Sources * LinesPerSource, members.Sum(member => member.Lines));
        foreach (var source in Enumerable.Range(0, Sources).Select(source => $"app-{source}"))
        {
            var numbers = members.SelectMany(member => member.Numbers(source)).Order().ToList();
            Assert.Equal(Enumerable.Range(0, LinesPerSource).Select(number => (long)number), numbers);
        }

        Assert.All(members, member => Assert.True(member.Lines > 0, "a member got nothing"));
    }

    [Theory(Timeout = 40_000)]
    [InlineData("lines=10000")]
    [InlineData("since=10m")]
    public async Task Stream_WithHistory_GoesOnLiveWithoutSeamUnderLoad(string start)
    {
        await using var cluster = await InProcessCluster.StartAsync(new ClusterOptions(), Cancel);
        string[] sources = ["app-0", "app-1", "app-2", "app-3"];
        await using var first = new SteadyLoad(cluster.Produce(cluster.Agents[0]), sources[..2]);
        await using var second = new SteadyLoad(cluster.Produce(cluster.Agents[1]), sources[2..]);
        await first.MoreAsync(500, Cancel);
        await second.MoreAsync(500, Cancel);

        var query = $"/v2/stream?{start}&{string.Join('&', sources.Select(source => "source_id=" + source))}";
        var readers = cluster.TrafficControllers.Select(controller => cluster.Read(controller, query)).ToList();
        foreach (var reader in readers)
        {
            await reader.NoticeAsync("live", Cancel);
        }

        await first.MoreAsync(500, Cancel);
        await second.MoreAsync(500, Cancel);
        await first.StopAsync();
        await second.StopAsync();

        foreach (var reader in readers)
        {
            await reader.Tally.LinesAsync(first.Total + second.Total, Cancel);
            Assert.All(sources, source => Assert.Null(reader.Tally.NotInOrder(source, (int)(first.Accepted(source) + second.Accepted(source)))));
            Assert.Equal(0, reader.Tally.Lost());
        }
    }

    private static async Task SendAllAsync(InProcessCluster cluster)
    {
        var producers = cluster.Agents.Select(cluster.Produce).ToList();
        await Task.WhenAll(Enumerable.Range(0, Sources).Select(
            source => producers[source % producers.Count].SendAsync($"app-{source}", 0, LinesPerSource, Cancel, perBatch: 37)));
    }
}
