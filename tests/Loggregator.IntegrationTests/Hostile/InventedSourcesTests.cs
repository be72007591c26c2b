using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Hostile;

public sealed class InventedSourcesTests : ClusterTest
{
    private const int Invented = 250_000;
    private const long Budget = 32 * 1024 * 1024;
    private const long SlackBytes = 200 * 1024 * 1024; // of the whole process: tables of all three roles, pools, garbage

    [Fact(Timeout = 120_000)]
    public async Task InventedSourceIds_ByTheHundredThousand_StayWithinTheBudgetsAndCostOthersNothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions
        {
            Dopplers = 1,
            Agents = 1,
            TrafficControllers = 1,
            Settings = new Dictionary<string, string> { ["Doppler:LogBytes"] = $"{Budget}" },
        });
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs("app")).Tally;
        await cluster.LiveAsync("app", cancel, reader);
        var producer = cluster.Produce(cluster.Agents[0]);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        const int PerBatch = 1000;
        for (var next = 0; next < Invented; next += PerBatch)
        {
            var lines = Enumerable.Range(next, PerBatch).Select(source => Numbered.Line($"invented-{source:x}", "0", 0));
            await producer.SendAsync(lines.Append(Numbered.Line("app", "0", next / PerBatch)), cancel, PerBatch + 1);
        }

        await reader.LinesAsync(Invented / PerBatch, cancel);
        Assert.Null(reader.NotInOrder("app", Invented / PerBatch));
        var counters = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();
        Assert.InRange(counters.LogBytes, 0, Budget);
        Assert.InRange(counters.HeldSources, 0, 100_000 + 1); // and the one for all others
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, SlackBytes);
    }
}
