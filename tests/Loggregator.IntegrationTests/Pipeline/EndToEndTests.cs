using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Pipeline;

public sealed class EndToEndTests : ClusterTest
{
    private const int Sources = 20;
    private const int LinesPerSource = 400;

    [Fact(Timeout = 120_000)]
    public async Task Lines_OverTwoAgentsAndThreeDopplers_ReachEachConsumerOnceAndInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions());
        Tally[] readers =
        [
            cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally,
            cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally,
            cluster.Consume(cluster.TrafficControllers[1], GrpcConsumer.Logs()).Tally,
            cluster.Read(cluster.TrafficControllers[0], "/v2/stream").Tally,
            cluster.Read(cluster.TrafficControllers[1], "/v2/read?log").Tally,
        ];
        await cluster.LiveAsync("marks", cancel, readers);

        await SendAllAsync(cluster, cancel);

        foreach (var reader in readers)
        {
            await reader.LinesAsync(Sources * LinesPerSource, cancel);
            Assert.All(Enumerable.Range(0, Sources), source => Assert.Null(reader.NotInOrder($"app-{source}", LinesPerSource)));
            Assert.Equal(0, reader.Lost());
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Lines_WithMutualTlsOnEveryHop_ReachTheConsumerOnceAndInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { MutualTls = true, Dopplers = 2 });
        var reader = cluster.Consume(cluster.TrafficControllers[1], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);

        await SendAllAsync(cluster, cancel);

        await reader.LinesAsync(Sources * LinesPerSource, cancel);
        Assert.All(Enumerable.Range(0, Sources), source => Assert.Null(reader.NotInOrder($"app-{source}", LinesPerSource)));
        Assert.Equal(0, reader.Lost());
    }

    [Fact(Timeout = 120_000)]
    public async Task ShardGroup_OverTwoTrafficControllers_GetsEachLineExactlyOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions());
        var members = Enumerable.Range(0, 4)
            .Select(member => cluster.Consume(cluster.TrafficControllers[member % 2], GrpcConsumer.Shard("group")).Tally).ToList();
        var whole = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, whole);
        await cluster.SubscribedAsync(members.Count + 1, cancel);

        await SendAllAsync(cluster, cancel);

        await whole.LinesAsync(Sources * LinesPerSource, cancel);
        await Deadline.UntilAsync(
            () => members.Sum(member => member.Lines) >= Sources * LinesPerSource, () => $"all lines at the group: {string.Join(" | ", members)}", cancel);
        Assert.Equal(Sources * LinesPerSource, members.Sum(member => member.Lines));
        foreach (var source in Enumerable.Range(0, Sources).Select(source => $"app-{source}"))
        {
            var numbers = members.SelectMany(member => member.Numbers(source)).Order().ToList();
            Assert.Equal(Enumerable.Range(0, LinesPerSource).Select(number => (long)number), numbers);
        }

        Assert.All(members, member => Assert.True(member.Lines > 0, "a member got nothing"));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("lines=10000")]
    [InlineData("lines=1000000")]
    [InlineData("since=10m")]
    public async Task Stream_WithHistory_GoesOnLiveWithoutSeamUnderLoad(string start)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions());
        string[] sources = ["app-0", "app-1", "app-2", "app-3"];
        var first = Load(cluster.Produce(cluster.Agents[0]), sources[..2]);
        var second = Load(cluster.Produce(cluster.Agents[1]), sources[2..]);
        await first.MoreAsync(500, cancel);
        await second.MoreAsync(500, cancel);

        var query = $"/v2/stream?{start}&{string.Join('&', sources.Select(source => "source_id=" + source))}";
        var readers = cluster.TrafficControllers.Select(controller => cluster.Read(controller, query)).ToList();
        foreach (var reader in readers)
        {
            await reader.NoticeAsync("live", cancel);
        }

        await first.MoreAsync(500, cancel);
        await second.MoreAsync(500, cancel);
        await first.StopAsync();
        await second.StopAsync();

        foreach (var reader in readers)
        {
            await reader.Tally.LinesAsync(first.Total + second.Total, cancel);
            Assert.All(sources, source => Assert.Null(reader.Tally.NotInOrder(source, (int)(first.Accepted(source) + second.Accepted(source)))));
            Assert.Equal(0, reader.Tally.Lost());
        }
    }

    private static async Task SendAllAsync(InProcessCluster cluster, CancellationToken cancel)
    {
        var producers = cluster.Agents.Select(cluster.Produce).ToList();
        await Task.WhenAll(Enumerable.Range(0, Sources).Select(
            source => producers[source % producers.Count].SendAsync($"app-{source}", 0, LinesPerSource, cancel, perBatch: 37)));
    }
}
