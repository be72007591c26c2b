using Loggregator.Pipeline.Series;
using Xunit;
using static Loggregator.Tests.Pipeline.Series.SeriesFixture;

namespace Loggregator.Tests.Pipeline.Series;

public sealed class SeriesBoundsTests
{
    [Fact]
    public void Source_BeyondItsSeries_IsFoldedAndTold()
    {
        var series = new SeriesFixture(new SeriesLimits { MaxSeriesPerSource = 3 });
        for (var i = 0; i < 10; i++)
        {
            series.AddCounter("bomb", "n" + i, series.Now, 1).AddCounter("bomb", "n" + i, series.Now + 1, 2);
        }

        series.AddCounter("app", "n", 1, 1).Append();
        Assert.Equal(14, series.Counters.Folded);
        Assert.Equal(14, series.Store.FoldedBy(FoldLimit.Source));
        var read = series.Read();
        Assert.Equal(5, read.Count);
        Assert.Equal(14, Assert.Single(read[Key("bomb", "other")]).Value);
        Assert.Equal(2, read[Key("bomb", "n0")].Length);
        series.AssertConserved();
    }

    [Fact]
    public void Series_BeyondAll_AreFoldedAndOldOnesGoOn()
    {
        var series = new SeriesFixture(new SeriesLimits { MaxSeries = 100 });
        for (var i = 0; i < 1000; i++)
        {
            series.AddCounter("source-" + i, "n", 1, 1);
        }

        series.Append();
        series.AddCounter("source-5", "n", 2, 2).AddCounter("source-500", "n", 2, 2).Append();
        Assert.Equal(100, series.Store.Count);
        Assert.Equal(901, series.Store.FoldedBy(FoldLimit.All));
        Assert.Equal(2, series.Read()[Key("source-5", "n")].Length);
    }

    [Fact]
    public void Series_IdleForAnHour_GiveWayToNewOnes()
    {
        var series = new SeriesFixture(new SeriesLimits { MaxSeriesPerSource = 10 });
        for (var i = 0; i < 10; i++)
        {
            series.AddCounter("app", "old" + i, 1, 1);
        }

        series.Append();
        series.Time.Advance(TimeSpan.FromMinutes(61));
        series.AddCounter("app", "old3", 2, 2).AddCounter("app", "new", 2, 1).Append();
        Assert.Equal([Key("app", "new"), Key("app", "old3")], series.Read().Keys.Order());
        Assert.Equal(9, series.Counters.Evicted);
        Assert.Equal(0, series.Counters.Folded);
    }

    [Fact]
    public void Bomb_OfAMillionSources_StaysInBoundsAndIsTold()
    {
        var series = new SeriesFixture(new SeriesLimits { Bytes = 4 << 20, MaxSeries = int.MaxValue });
        for (var i = 0; i < 1_000_000; i++)
        {
            series.AddGauge("source-" + i, "g", i, i);
            if (i % 10_000 == 9999)
            {
                series.Append();
            }
        }

        Assert.True(series.Store.FoldedBy(FoldLimit.Memory) > 900_000, "hardly anything was folded");
        Assert.Equal(series.Counters.Held, series.Read().Values.Sum(samples => samples.Length));
    }

    [Fact]
    public void Full_TheOldestGoesFirst_AndSeriesWithoutSamplesVanish()
    {
        var series = new SeriesFixture(new SeriesLimits { Bytes = 1 << 20 });
        var random = new Random(1);
        series.AddGauge("idle", "g", 0, 1).Append();
        for (var i = 0; i < 400_000; i++)
        {
            series.AddGauge("app", "g" + (i % 10), i, random.NextDouble());
            if (i % 1000 == 999)
            {
                series.Time.Advance(TimeSpan.FromMinutes(1));
                series.Append();
            }
        }

        var read = series.Read();
        Assert.Equal(10, read.Count); // the idle one has aged out
        Assert.Equal(series.Counters.Held, read.Values.Sum(samples => samples.Length));
        Assert.True(read.Values.All(samples => samples[^1].Time >= 399_990), "the newest are missing");
        Assert.InRange(read.Values.Max(samples => samples[0].Time) - read.Values.Min(samples => samples[0].Time), 0, 3000); // one horizon
    }

    [Fact]
    public void LoudSource_NeverEvictsAQuietOne()
    {
        var series = new SeriesFixture(new SeriesLimits { Bytes = 1 << 20 });
        var random = new Random(2);
        for (var i = 0; i < 300; i++)
        {
            series.AddGauge("quiet", "g", i, random.NextDouble());
        }

        series.Append();
        for (var i = 0; i < 500_000; i++)
        {
            series.AddGauge("loud", "g" + (i % 50), i, random.NextDouble());
            if (i % 1000 == 999)
            {
                series.Append();
            }
        }

        Assert.Equal(300, series.Read()[Key("quiet", "g")].Length);
        Assert.True(series.Counters.Evicted > 100_000, "nothing was evicted");
    }
}
