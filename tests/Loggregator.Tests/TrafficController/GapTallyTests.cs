using Loggregator.TrafficController.Upstream;
using Xunit;

namespace Loggregator.Tests.TrafficController;

public sealed class GapTallyTests
{
    [Fact]
    public void Tally_SameStream_IsMerged()
    {
        var tally = new GapTally();
        tally.Add("a", "0", "doppler", "evicted", 3, 10, 20, upperBound: false);
        tally.Add("a", "0", "doppler", "evicted", 4, 5, 15, upperBound: true);
        tally.Add("a", "0", "agent", "ring_full", 1, 1, 1, upperBound: false);
        var gap = tally.Take().First(g => g.Hop == "doppler");
        Assert.Equal((7ul, 5L, 20L, true), (gap.Count, gap.FirstTimestamp, gap.LastTimestamp, gap.UpperBound));
        Assert.True(tally.IsEmpty);
    }

    [Fact]
    public void Tally_MillionSources_IsBoundedAndForgetsNothing()
    {
        var tally = new GapTally();
        for (var i = 0; i < 1_000_000; i++)
        {
            tally.Add("source-" + i, "0", "doppler", "evicted", 1, i, i, upperBound: false);
        }

        var gaps = tally.Take();
        Assert.InRange(gaps.Length, 1, 1025);
        Assert.Equal(1_000_000, gaps.Sum(gap => (long)gap.Count));
        Assert.Contains(gaps, gap => gap.SourceId == "other");
    }
}
