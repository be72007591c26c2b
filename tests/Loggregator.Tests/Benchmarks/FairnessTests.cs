using Loggregator.Benchmarks;
using Xunit;

namespace Loggregator.Tests.Benchmarks;

public sealed class FairnessTests
{
    [Fact]
    public void FairRing_UnderALoudSource_CostsTheOthersNothing()
    {
        var losses = FairnessComparison.OfFairRing();
        Assert.Equal(0, losses.Others);
        Assert.True(losses.Loud > 0);
    }

    [Fact]
    public void Channel_UnderALoudSource_CostsTheOthersTheirShare()
    {
        var losses = FairnessComparison.OfChannel();
        Assert.True(losses.Others > losses.Loud, "What the fair ring was built for does not happen any more.");
    }
}
