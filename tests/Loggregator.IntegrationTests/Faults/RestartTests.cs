using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class RestartTests : ClusterTest
{
    private static readonly string[] Sources = ["app-0", "app-1", "app-2", "app-3", "app-4", "app-5"];

    [Fact(Timeout = 40_000)]
    public async Task TrafficController_RestartedUnderAHundredTails_ResumesEachAtItsCursor()
    {
        const int Tails = 100;
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        var controller = cluster.TrafficControllers[0];
        var sources = Enumerable.Range(0, Tails).Select(tail => $"app-{tail}").ToList();
        var load = Load(cluster.Produce(cluster.Agents[0]), sources, linesPerRound: 1);
        await load.MoreAsync(Tails, cancel);
        var tails = sources.Select(source => cluster.Read(controller, $"/v2/stream?source_id={source}&lines=10000")).ToList();
        foreach (var tail in tails)
        {
            await tail.NoticeAsync("live", cancel);
            await tail.Tally.LinesAsync(1, cancel);
        }

        await controller.StopAsync();
        await load.MoreAsync(5 * Tails, cancel);
        await controller.StartAsync(cancel);
        foreach (var tail in tails)
        {
            await Deadline.UntilAsync(() => tail.Connections > 1, () => "the tail has connected again", cancel);
        }

        await load.MoreAsync(5 * Tails, cancel);
        await load.StopAsync();

        for (var tail = 0; tail < Tails; tail++)
        {
            await tails[tail].Tally.LinesAsync(load.Accepted(sources[tail]), cancel);
            Assert.Null(tails[tail].Tally.NotInOrder(sources[tail], (int)load.Accepted(sources[tail])));
            Assert.Equal(0, tails[tail].Tally.Lost());
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Doppler_KilledUnderLoadAndStartedAgain_IsReadAgainAndEveryLossIsTold(bool minusNine)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { TrafficControllers = 1, DopplerProcesses = minusNine });
        var controller = cluster.TrafficControllers[0];
        var tail = cluster.Read(controller, "/v2/stream");
        var grpc = cluster.Consume(controller, GrpcConsumer.Logs());
        await cluster.LiveAsync("marks", cancel, tail.Tally, grpc.Tally);
        var loads = cluster.Agents.Select((agent, index) => Load(cluster.Produce(agent), Sources[(index * 3)..((index * 3) + 3)])).ToList();
        foreach (var load in loads)
        {
            await load.MoreAsync(500, cancel);
        }

        foreach (var doppler in cluster.Dopplers)
        {
            await cluster.KillAsync(doppler);
            foreach (var load in loads)
            {
                await load.MoreAsync(200, cancel);
            }

            await cluster.RestartAsync(doppler, cancel);
            await cluster.ReadyAsync(cancel);
            await cluster.LiveAsync("marks", cancel, tail.Tally, grpc.Tally);
            foreach (var load in loads)
            {
                await load.MoreAsync(200, cancel);
            }
        }

        foreach (var load in loads)
        {
            await load.StopAsync();
        }

        foreach (var source in Sources)
        {
            var accepted = loads.Sum(load => load.Accepted(source));
            foreach (var reader in new[] { tail.Tally, grpc.Tally })
            {
                await Deadline.UntilAsync(
                    () => reader.Missing(source, accepted).Count <= reader.Lost(source),
                    () => $"{source}: {reader.Missing(source, accepted).Count} of {accepted} missing, {reader.Lost(source)} told; {reader}",
                    cancel);
                TestContext.Current.TestOutputHelper?.WriteLine($"{source}: {accepted} accepted, {reader.Missing(source, accepted).Count} missing, {reader.Lost(source)} told, {reader.Copies} copies");
            }
        }
    }
}
