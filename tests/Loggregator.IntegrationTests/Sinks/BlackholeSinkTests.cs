using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>It has no receiver, so there is nothing to hold a contract against but the books.</summary>
public sealed class BlackholeSinkTests
{
    [Fact]
    public async Task Blackhole_TakesAndCounts()
    {
        await using var run = new SinkRun("blackhole:");
        var envelopes = NumberedLog.Envelopes(4, 1_000).ToArray();
        run.Source.Append(envelopes);
        await TestKit.Cluster.Deadline.UntilAsync(() => run.Source.Delivered == 4_000, () => $"{run.Source.Delivered} of 4000", TestContext.Current.CancellationToken);
        await run.StopAsync();
        Assert.Equal(4_000, run.Counters.Delivered);
        Assert.Equal(envelopes.Sum(envelope => (long)envelope.Length), run.Counters.DeliveredBytes);
        Assert.Equal(0, run.Counters.InFlight);
    }
}
