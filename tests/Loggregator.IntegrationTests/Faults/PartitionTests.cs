using Loggregator.Agent;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class PartitionTests : ClusterTest
{
    [Fact(Timeout = 120_000)]
    public async Task Agent_SilentlyCutFromADoppler_MovesAndLosesNothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["Agent:Lanes"] = "1" },
        });
        var agent = cluster.Agents[0];
        var counters = agent.Services.GetRequiredService<AgentCounters>();
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        string[] sources = ["app-0", "app-1"];
        var load = Load(cluster.Produce(agent), sources);
        await load.MoreAsync(200, cancel);
        await reader.LinesAsync(200, cancel);
        var owner = cluster.Dopplers.MaxBy(doppler => doppler.Services.GetRequiredService<DopplerCounters>().Received)!;

        var moves = counters.Moves;
        cluster.Link(agent, owner).Stall();
        await Deadline.UntilAsync(() => counters.Moves > moves, () => $"the lane has moved\n{Conservation.Describe(cluster)}", cancel);
        await load.MoreAsync(200, cancel);
        cluster.Link(agent, owner).Resume();
        await Deadline.UntilAsync(() => counters.Moves > moves + 1, () => $"the lane is back\n{Conservation.Describe(cluster)}", cancel);
        await load.MoreAsync(200, cancel);
        await load.StopAsync();

        await reader.DistinctAsync(load.Total, cancel);
        Assert.All(sources, source => Assert.Empty(reader.Missing(source, load.Accepted(source))));
        Assert.Equal(0, reader.Lost());
        Assert.InRange(reader.Copies, 0, counters.Resent);
    }

    [Fact(Timeout = 120_000)]
    public async Task Agent_WhoseConnectionsAreResetAgainAndAgain_LosesNothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1, TrafficControllers = 1 });
        var agent = cluster.Agents[0];
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        string[] sources = ["app-0", "app-1", "app-2", "app-3", "app-4"];
        var load = Load(cluster.Produce(agent), sources);
        for (var round = 0; round < 5; round++)
        {
            await load.MoreAsync(500, cancel);
            foreach (var doppler in cluster.Dopplers)
            {
                cluster.Link(agent, doppler).Cut();
            }
        }

        await load.MoreAsync(500, cancel);
        await load.StopAsync();

        await reader.DistinctAsync(load.Total, cancel);
        Assert.All(sources, source => Assert.Empty(reader.Missing(source, load.Accepted(source))));
        Assert.Equal(0, reader.Lost());
        Assert.InRange(reader.Copies, 0, agent.Services.GetRequiredService<AgentCounters>().Resent);
    }

    [Fact(Timeout = 120_000)]
    public async Task TrafficController_CutFromTheDopplersUnderLoad_GoesOnWhereItWas()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1, TrafficControllers = 1 });
        var controller = cluster.TrafficControllers[0];
        Tally[] readers = [cluster.Consume(controller, GrpcConsumer.Logs()).Tally, cluster.Read(controller, "/v2/stream").Tally];
        await cluster.LiveAsync("marks", cancel, readers);
        string[] sources = ["app-0", "app-1", "app-2", "app-3", "app-4"];
        var load = Load(cluster.Produce(cluster.Agents[0]), sources);
        for (var round = 0; round < 3; round++)
        {
            await load.MoreAsync(500, cancel);
            foreach (var link in cluster.Dopplers.Select(doppler => cluster.Link(controller, doppler)))
            {
                link.Cut();
            }
        }

        await load.MoreAsync(500, cancel);
        await load.StopAsync();

        foreach (var reader in readers)
        {
            await reader.DistinctAsync(load.Total, cancel);
            Assert.All(sources, source => Assert.Empty(reader.Missing(source, load.Accepted(source))));
            Assert.Equal(0, reader.Copies);
            Assert.Equal(0, reader.Lost());
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Links_ThatTearMessagesIntoPieces_CarryEverythingInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Seed = 7 });
        foreach (var link in cluster.Dopplers.SelectMany(cluster.LinksTo))
        {
            link.Tear(97);
        }

        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        await cluster.Produce(cluster.Agents[0]).SendAsync("app-0", 0, 500, cancel);
        await cluster.Produce(cluster.Agents[1]).SendAsync("app-1", 0, 500, cancel);

        await reader.LinesAsync(1000, cancel);
        Assert.Null(reader.NotInOrder("app-0", 500));
        Assert.Null(reader.NotInOrder("app-1", 500));
    }
}
