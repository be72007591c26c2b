using Loggregator.Agent;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class PlannedStopTests : ClusterTest
{
    private static readonly string[] Sources = ["app-0", "app-1", "app-2", "app-3", "app-4", "app-5"];

    [Fact(Timeout = 120_000)]
    public async Task Agent_StoppedUnderLoad_HandsOnAllThatItAccepted()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1, TrafficControllers = 1 });
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources, linesPerRound: 50);
        await load.MoreAsync(3000, cancel);

        await cluster.Agents[0].StopAsync();
        await Deadline.UntilAsync(() => load.Failure is not null, () => "the producer is told that the agent has gone", cancel);

        await reader.DistinctAsync(load.Total, cancel);
        Assert.All(Sources, source => Assert.Empty(reader.Missing(source, load.Accepted(source))));
        Assert.Equal(0, reader.Lost());
    }

    [Fact(Timeout = 120_000)]
    public async Task Doppler_StoppedUnderLoad_LosesNothingRepeatsNothingAndKeepsTheOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { TrafficControllers = 1 });
        var controller = cluster.TrafficControllers[0];
        Tally[] readers = [cluster.Consume(controller, GrpcConsumer.Logs()).Tally, cluster.Read(controller, "/v2/stream").Tally];
        await cluster.LiveAsync("marks", cancel, readers);
        var loads = cluster.Agents.Select((agent, index) => Load(cluster.Produce(agent), Sources[(index * 3)..((index * 3) + 3)])).ToList();

        long Moves() => cluster.Agents.Sum(agent => agent.Services.GetRequiredService<AgentCounters>().Moves);
        var moves = Moves();
        foreach (var doppler in cluster.Dopplers.Take(2))
        {
            foreach (var load in loads)
            {
                await load.MoreAsync(500, cancel);
            }

            // What it still has to say comes later than what the next owner says.
            cluster.Link(controller, doppler).Stall();
            var stopping = doppler.StopAsync();
            await Deadline.UntilAsync(() => Moves() > moves, () => $"a lane has moved\n{Conservation.Describe(cluster)}", cancel);
            foreach (var load in loads)
            {
                await load.MoreAsync(50, cancel);
            }

            cluster.Link(controller, doppler).Resume();
            await stopping;
            moves = Moves();
        }

        foreach (var load in loads)
        {
            await load.MoreAsync(500, cancel);
            await load.StopAsync();
        }

        foreach (var reader in readers)
        {
            await reader.LinesAsync(loads.Sum(load => load.Total), cancel);
            Assert.All(Sources, source => Assert.Null(reader.NotInOrder(source, (int)loads.Sum(load => load.Accepted(source)))));
            Assert.Equal(0, reader.Lost());
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task TrafficController_Stopped_EndsItsStreamsInOrderAndTheOtherServesOn()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Agents = 1 });
        var leaving = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs());
        var staying = cluster.Consume(cluster.TrafficControllers[1], GrpcConsumer.Logs()).Tally;
        var tail = cluster.Read(cluster.TrafficControllers[0], "/v2/stream");
        await cluster.LiveAsync("marks", cancel, leaving.Tally, staying, tail.Tally);
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources);
        await load.MoreAsync(1000, cancel);

        await cluster.TrafficControllers[0].StopAsync();
        await leaving.Ended.WaitAsync(cancel);
        await tail.NoticeAsync("closing", cancel);
        await load.MoreAsync(500, cancel);
        await load.StopAsync();

        Assert.All(Sources, source => Assert.Null(leaving.Tally.NotInOrder(source, leaving.Tally.Numbers(source).Count)));
        await staying.LinesAsync(load.Total, cancel);
        Assert.All(Sources, source => Assert.Null(staying.NotInOrder(source, (int)load.Accepted(source))));
    }
}
