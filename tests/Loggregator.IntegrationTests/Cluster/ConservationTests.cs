using Loggregator.Doppler;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Cluster;

public sealed class ConservationTests : ClusterTest
{
    [Fact(Timeout = 120_000)]
    public async Task Conservation_WhenOneEnvelopeIsUnaccountedFor_FailsAndSaysWhere()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        await cluster.Produce(cluster.Agents[0]).SendAsync("app", 0, 10, cancel);
        await Conservation.AssertAsync(cluster);
        var counters = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();

        Interlocked.Increment(ref counters.Received);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Conservation.AssertAsync(cluster, TimeSpan.FromMilliseconds(200)));
        Interlocked.Decrement(ref counters.Received);

        Assert.Contains("doppler-0: received = appended + invalid + too large: 11 != 10 (+1)", failure.Message, StringComparison.Ordinal);
    }
}
