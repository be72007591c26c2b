using Loggregator.Agent;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Pipeline.Flow;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Faults;

public sealed class LoudSourceTests : ClusterTest
{
    private const int Quiet = 20;
    private const int LinesOfQuiet = 30;
    private const int LinesOfLoud = 100 * LinesOfQuiet;
    private const int LineBytes = 1024;

    [Fact(Timeout = 120_000)]
    public async Task LoudSource_AtAHundredTimesOthersWhileTheAgentsRingOverflows_LosesAloneAndExactlyWhatIsTold()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 1,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["Agent:RingBytes"] = "1048576" },
        });
        var agent = cluster.Agents[0];
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);

        var link = cluster.Link(agent, cluster.Dopplers[0]);
        link.Cut(refuse: true);
        await SendAsync(cluster, cancel);
        Assert.True(agent.Services.GetRequiredService<AgentCounters>().Dropped(LossReason.RingFull) > 0, Conservation.Describe(cluster));
        link.Restore();

        await AccountForAsync(reader, "ring_full", cancel);
    }

    [Fact(Timeout = 120_000)]
    public async Task LoudSource_AtAHundredTimesOthersWhileTheDopplersLogOverflows_LosesAloneAndExactlyWhatIsTold()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 1,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string>
            {
                ["Doppler:LogBytes"] = "2097152",
                ["TrafficController:ClientBytes"] = "65536",
            },
        });
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs());
        await cluster.LiveAsync("marks", cancel, reader.Tally);

        // What lies between Doppler and reader is filled first, by a source that is not looked at.
        reader.Gate.Close();
        await cluster.Produce(cluster.Agents[0]).SendAsync("filler", 0, 3000, cancel, bytes: 4 * LineBytes);
        await SendAsync(cluster, cancel);
        reader.Gate.Open();

        await AccountForAsync(reader.Tally, "evicted", cancel);
    }

    private static async Task SendAsync(InProcessCluster cluster, CancellationToken cancel)
    {
        var producer = cluster.Produce(cluster.Agents[0]);
        for (var round = 0; round < LinesOfQuiet; round++)
        {
            var lines = Enumerable.Range(0, Quiet).SelectMany(source => Numbered.Lines($"quiet-{source}", round, 1, bytes: LineBytes))
                .Concat(Numbered.Lines("loud", 100L * round, 100, bytes: LineBytes));
            await producer.SendAsync(lines, cancel);
        }
    }

    private static async Task AccountForAsync(Tally reader, string reason, CancellationToken cancel)
    {
        await Deadline.UntilAsync(
            () => reader.Distinct("loud") + reader.Lost("loud") >= LinesOfLoud
                && Enumerable.Range(0, Quiet).All(source => reader.Distinct($"quiet-{source}") + reader.Lost($"quiet-{source}") >= LinesOfQuiet),
            () => $"all lines received or told; loud {reader.Distinct("loud")} + {reader.Lost("loud")} of {LinesOfLoud}; {reader}",
            cancel);
        Assert.All(Enumerable.Range(0, Quiet), source => Assert.Null(reader.NotInOrder($"quiet-{source}", LinesOfQuiet)));
        Assert.True(reader.Lost("loud", reason) > 0, $"nothing of the loud source was lost: {reader}");
        Assert.Equal(LinesOfLoud, reader.Distinct("loud") + reader.Lost("loud"));
    }
}
