using Loggregator.Agent;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class RestartTests : ClusterTest
{
    private static readonly string[] Sources = ["app-0", "app-1", "app-2", "app-3", "app-4", "app-5"];

    [Fact(Timeout = 120_000)]
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

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Doppler_KilledUnderLoadAndStartedAgain_IsReadAgainAndExactlyWhatIsLostIsTold(bool minusNine)
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
                    () => reader.Missing(source, accepted).Count == reader.Lost(source),
                    () => $"{source}: {reader.Missing(source, accepted).Count} of {accepted} missing, {reader.Lost(source)} told; {reader}",
                    cancel);
            }
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Doppler_KilledWithLinesUnread_IsAnnouncedAndExactlyWhatIsLostIsTold()
    {
        const int Unread = 3000;
        const int After = 100;
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 1,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["TrafficController:ClientBytes"] = "65536" },
        });
        var (agent, doppler, controller) = (cluster.Agents[0], cluster.Dopplers[0], cluster.TrafficControllers[0]);
        var reader = cluster.Consume(controller, GrpcConsumer.Logs());
        var tail = cluster.Read(controller, "/v2/stream?source_id=app");
        await cluster.LiveAsync("app", cancel, reader.Tally, tail.Tally);
        var producer = cluster.Produce(agent);
        reader.Gate.Close();
        tail.Gate.Close();
        await producer.SendAsync("app", 0, Unread, cancel, bytes: 4096);
        var counters = agent.Services.GetRequiredService<AgentCounters>();
        await Deadline.UntilAsync(() => counters.Confirmed == Unread, () => Conservation.Describe(cluster), cancel);

        await cluster.KillAsync(doppler);
        await cluster.RestartAsync(doppler, cancel);
        reader.Gate.Open();
        tail.Gate.Open();
        await tail.NoticeAsync("doppler_back", cancel);
        var sent = Unread;
        await Deadline.UntilAsync(
            () => reader.Tally.Numbers("app") is [.., >= Unread + After],
            () => $"lines of the second life; {reader.Tally}",
            cancel,
            each: () => producer.SendAsync("app", sent++, 1, cancel));
        foreach (var tally in new[] { reader.Tally, tail.Tally })
        {
            await Deadline.UntilAsync(() => tally.Numbers("app").Contains(sent - 1), () => $"the last line, {sent - 1}; {tally}", cancel);
            var missing = tally.Missing("app", sent).Count;
            Assert.InRange(missing, 1, Unread);
            await Deadline.UntilAsync(() => tally.Lost("app") >= missing, () => $"{missing} told; {tally}", cancel);
            Assert.Equal(missing, tally.Lost("app", "peer_gone"));
            Assert.Equal(missing, tally.Lost());
        }

        Assert.Equal(reader.Tally.MissingByStamps("app"), reader.Tally.Lost("app"));
        Assert.Contains(tail.Events, e => e.Event == "notice" && e.Json.Contains("\"restarted\":true", StringComparison.Ordinal));
    }
}
