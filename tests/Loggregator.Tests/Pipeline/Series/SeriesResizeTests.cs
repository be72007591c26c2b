using Loggregator.Pipeline.Series;
using Xunit;
using static Loggregator.Tests.Pipeline.Series.SeriesFixture;

namespace Loggregator.Tests.Pipeline.Series;

/// <summary>Limits that change while the store is in use.</summary>
public sealed class SeriesResizeTests
{
    [Fact]
    public void Bytes_Lowered_TheOldestSamplesGoAndAreCounted()
    {
        var series = Filled(sources: 10, metrics: 10, rounds: 600);
        var before = series.Read();
        var used = series.Store.Used;
        series.Store.Resize(new SeriesLimits { Bytes = SeriesLimits.MinBytes / 2 });
        series.AssertConserved();
        Assert.True(used > series.Store.Limits.Bytes, "it was small enough before");
        var after = series.Read();
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        Assert.Equal(before.Values.Sum(samples => samples.Length) - series.Counters.Evicted, after.Values.Sum(samples => samples.Length));
        Assert.All(after, pair => Assert.Equal(before[pair.Key][^pair.Value.Length..], pair.Value));

        series.Store.Resize(new SeriesLimits());
        series.AddGauge("app-0", "g0", 1_000_000, 7).Append();
        Assert.Equal(7, series.Read()[Key("app-0", "g0")][^1].Value);
    }

    [Fact]
    public void SeriesOfASource_Lowered_ThoseThatGotNothingForTheLongestTimeGo()
    {
        var series = Filled(sources: 2, metrics: 10, rounds: 3);
        series.Time.Advance(TimeSpan.FromMinutes(5));
        series.AddGauge("app-0", "g3", 5000, 1).AddGauge("app-0", "g7", 5000, 1).Append();
        series.Store.Resize(new SeriesLimits { MaxSeriesPerSource = 2 });
        series.AssertConserved();
        Assert.Equal([Key("app-0", "g3"), Key("app-0", "g7")], series.Read().Keys.Where(key => key.StartsWith("app-0", StringComparison.Ordinal)).Order());
        Assert.Equal(4, series.Store.Count);
        Assert.Equal(3 * 16, series.Counters.Evicted);

        series.AddGauge("app-0", "g1", 6000, 1).AddGauge("app-0", "g3", 6000, 1).Append();
        Assert.Equal(1, series.Store.FoldedBy(FoldLimit.Source));
        Assert.Equal(1, Assert.Single(series.Read()[Key("app-0", "other")]).Value);
    }

    [Fact]
    public void SeriesInAll_Lowered_ThoseThatGotNothingForTheLongestTimeGo()
    {
        var series = Filled(sources: 20, metrics: 5, rounds: 3);
        series.Time.Advance(TimeSpan.FromMinutes(5));
        for (var source = 5; source < 12; source++)
        {
            series.AddGauge("app-" + source, "g2", 5000, 1);
        }

        series.Append();
        series.Store.Resize(new SeriesLimits { MaxSeries = 7 });
        series.AssertConserved();
        Assert.Equal(Enumerable.Range(5, 7).Select(source => Key("app-" + source, "g2")).Order(), series.Read().Keys.Order());
        Assert.Equal(7, series.Store.SourceCount);
        series.AddGauge("app-1", "g1", 6000, 1).Append();
        Assert.Equal(1, series.Store.FoldedBy(FoldLimit.All));
    }

    [Fact]
    public void Bytes_OfNone_SwitchOffAndOnAgain()
    {
        var series = Filled(sources: 5, metrics: 5, rounds: 300);
        series.AddHttp("app-1", series.Now, 3, "GET", "200").Append();
        series.Store.Resize(new SeriesLimits { Bytes = 0 });
        series.AssertConserved();
        Assert.Equal((0, 0L, 0), (series.Store.Count, series.Store.Used, series.Store.SourceCount));
        Assert.Equal(0, series.Counters.Held);
        var received = series.Counters.Received;
        series.AddGauge("app-0", "g0", 1, 1).Append();
        Assert.Equal(received, series.Counters.Received);
        Assert.Empty(series.Read());

        series.Store.Resize(new SeriesLimits());
        series.AddGauge("app-0", "g0", 1, 1).AddHttp("app-1", series.Now, 3, "GET", "200").Append();
        Assert.Single(series.Read()[Key("app-0", "g0")]);
        Assert.Equal(1, series.Read()[Key("app-1", "http_requests_total", ("method", "GET"), ("status_class", "2xx"))][^1].Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Limits_ChangedWhileSamplesComeIn_HoldAndConserve(int seed)
    {
        var series = new SeriesFixture();
        var end = 0;
        var appending = Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; Volatile.Read(ref end) == 0 || i < 200_000; i++)
            {
                series.AddGauge("app-" + random.Next(50), "g" + random.Next(50), i, random.NextDouble());
                if (i % 500 == 499)
                {
                    series.Append(conserved: false);
                }
            }

            series.Append(conserved: false);
        }, TestContext.Current.CancellationToken);
        var sizes = new Random(seed + 10);
        for (var change = 0; change < 200; change++)
        {
            series.Store.Resize(new SeriesLimits
            {
                Bytes = sizes.Next(10) == 0 ? 0 : sizes.Next(1, 5) << 20,
                MaxSeries = sizes.Next(1, 3000),
                MaxSeriesPerSource = sizes.Next(1, 60),
            });
            _ = series.Read();
        }

        Volatile.Write(ref end, 1);
        await appending;
        var last = new SeriesLimits { MaxSeriesPerSource = 10, MaxSeries = 100 };
        series.Store.Resize(last);
        series.AssertConserved();
        Assert.InRange(series.Store.Count, 0, last.MaxSeries);
    }

    private static SeriesFixture Filled(int sources, int metrics, int rounds)
    {
        var series = new SeriesFixture();
        var random = new Random(3);
        for (var round = 0; round < rounds; round++)
        {
            for (var source = 0; source < sources; source++)
            {
                for (var metric = 0; metric < metrics; metric++)
                {
                    series.AddGauge("app-" + source, "g" + metric, round * 1000, random.NextDouble());
                }
            }

            series.Append();
        }

        return series;
    }
}
