using Loggregator.Load.Accounting;
using Xunit;

namespace Loggregator.IntegrationTests.Load;

public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(1_000_003)]
    [InlineData(60_000_000_000)]
    [InlineData(long.MaxValue)]
    public void Quantile_OfOneValue_IsThatValue(long value)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(value);
        Assert.Equal(value, histogram.Quantile(0.5));
        Assert.Equal(value, histogram.Max);
    }

    [Fact]
    public void Quantile_OfManyValues_IsAtMostOnePercentTooHigh()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 100_000; i++)
        {
            histogram.Record(i * 1000L);
        }

        foreach (var quantile in new[] { 0.5, 0.99, 0.999 })
        {
            var exact = quantile * 100_000 * 1000;
            Assert.InRange(histogram.Quantile(quantile), exact, exact * 1.01);
        }
    }

    [Fact]
    public void Record_Allocates_Nothing()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0L; i < 10_000; i++)
        {
            histogram.Record(i * i);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
