using System.Globalization;
using Loggregator.Pipeline.Log;
using Xunit;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class LogRetentionTests
{
    private const int Seconds = 35 * 60, PerSecond = 1000, Sources = 10_000, EnvelopeBytes = 300;

    /// <summary>The promise: at 1,000 envelopes of 300 bytes a second, 512 MiB are complete for at least 15 minutes.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(100)]
    public void Log_AtItsDefaults_IsCompleteForAQuarterOfAnHour(int metricPercent)
    {
        var log = new LogFixture(512L << 20, maxSources: 100_000);
        var random = new Random(metricPercent);
        for (var second = 0; second < Seconds; second++)
        {
            for (var i = 0; i < PerSecond; i++)
            {
                var source = "source-" + random.Next(Sources).ToString(CultureInfo.InvariantCulture);
                if (random.Next(100) < metricPercent)
                {
                    log.AddCounter(source, new string('n', EnvelopeBytes - 40));
                }
                else
                {
                    log.AddLog(source, "", timestamp: second, size: EnvelopeBytes - 40);
                }
            }

            log.Append();
            log.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(log.Log.Evicted > 0, "the log never overflowed");
        foreach (var usage in Enum.GetValues<EnvelopeClass>().Select(log.Log.Usage).Where(usage => usage.Envelopes > 0))
        {
            Assert.InRange(usage.Bytes / usage.Envelopes, EnvelopeBytes - 20, EnvelopeBytes + 20);
            Assert.True(usage.Horizon >= TimeSpan.FromMinutes(15), $"it is complete for {usage.Horizon}: {usage}");
            Assert.True(usage.Oldest >= usage.Horizon, $"the oldest is younger than that: {usage}");
            Assert.InRange(usage.Horizon.TotalSeconds * PerSecond * (metricPercent == 50 ? 0.5 : 1) / usage.HeldEnvelopes, 0.8, 1.05);
        }
    }
}
