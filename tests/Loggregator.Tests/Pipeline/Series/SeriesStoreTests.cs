using Google.Protobuf;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.V2;
using Xunit;
using static Loggregator.Tests.Pipeline.Series.SeriesFixture;

namespace Loggregator.Tests.Pipeline.Series;

public sealed class SeriesStoreTests
{
    [Fact]
    public void Counter_Appended_IsReadAsTotals()
    {
        var series = new SeriesFixture();
        series.AddCounter("app", "requests", 1000, 5, ("zone", "z1")).AddCounter("app", "requests", 2000, 9, ("zone", "z1")).Append();
        var read = Assert.Single(series.Read());
        Assert.Equal(Key("app", "requests", ("zone", "z1")), read.Key);
        Assert.Equal([new Sample(1000, 5), new Sample(2000, 9)], read.Value);
    }

    [Fact]
    public void Gauge_OfSeveralMetrics_BecomesASeriesEach()
    {
        var series = new SeriesFixture();
        var gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Value = 0.5, Unit = "percentage" }, ["memory"] = new GaugeValue { Value = 1024, Unit = "bytes" } } };
        series.Add(new Envelope { Gauge = gauge }, "app", 1000).Append();
        Assert.Equal([new Sample(1000, 0.5)], series.Read()[Key("app", "cpu")]);
        Assert.Equal([new Sample(1000, 1024)], series.Read()[Key("app", "memory")]);
        var cursor = new SeriesCursor(series.Store, new SeriesQuery { Names = name => name.AsSpan().SequenceEqual("memory"u8) });
        Assert.True(cursor.MoveNext());
        Assert.Equal("bytes"u8, cursor.Unit);
        Assert.Equal(SeriesKind.Gauge, cursor.Kind);
    }

    [Fact]
    public void Tags_InAnyOrderTwiceOrDeprecated_AreTheSameSeries()
    {
        var series = new SeriesFixture();
        var counter = new Envelope { SourceId = "app", Counter = new Counter { Name = "n", Total = 1 } };
        var (a, b, oldB) = (new Envelope { Tags = { ["a"] = "1" } }, new Envelope { Tags = { ["b"] = "2" } }, new Envelope { Tags = { ["b"] = "old" } });
        var deprecated = new Envelope { DeprecatedTags = { ["b"] = new Value { Integer = 2 }, ["a"] = new Value { Text = "overridden" } } };
        series.AddRaw(Concat(At(1), counter, a, b)).AddRaw(Concat(At(2), b, a, counter)).AddRaw(Concat(At(3), oldB, counter, b, a))
            .AddRaw(Concat(At(4), a, counter, deprecated)).Append();
        var read = Assert.Single(series.Read());
        Assert.Equal(Key("app", "n", ("a", "1"), ("b", "2")), read.Key);
        Assert.Equal([1, 2, 3, 4], read.Value.Select(sample => sample.Time));
    }

    [Fact]
    public void Times_OutOfOrderEqualNegativeAndFar_AreReadInOrder()
    {
        var series = new SeriesFixture();
        long[] times = [5000, 1000, 3000, -7, 3000, long.MaxValue / 1_000_000, long.MinValue / 1_000_000, 4000];
        foreach (var (time, value) in times.Select((time, index) => (time, index)))
        {
            series.AddGauge("app", "g", time, value);
        }

        series.Append();
        Assert.Equal(
            [new(long.MinValue / 1_000_000, 6), new(-7, 3), new(1000, 1), new(3000, 4), new(4000, 7), new(5000, 0), new Sample(long.MaxValue / 1_000_000, 5)],
            series.Read()[Key("app", "g")]);
        Assert.Equal(1, series.Counters.Replaced);
    }

    [Fact]
    public void Time_BelowTheMillisecond_IsRoundedDown()
    {
        var series = new SeriesFixture();
        foreach (var nanoseconds in new[] { -1L, -1_000_000, 999_999, 1_000_000, 1_999_999 })
        {
            series.AddRaw(new Envelope { SourceId = "app", Timestamp = nanoseconds, Counter = new Counter { Name = "n", Total = 1 } }.ToByteArray());
        }

        series.Append();
        Assert.Equal([-1, 0, 1], series.Read().Values.Single().Select(sample => sample.Time));
    }

    [Fact]
    public void Late_BehindPackedChunks_IsMergedAtRead()
    {
        var series = new SeriesFixture();
        for (var i = 0; i < 700; i++)
        {
            series.AddGauge("app", "g", i * 10, i);
        }

        series.AddGauge("app", "g", 15, -1).AddGauge("app", "g", 20, -2).Append();
        var read = series.Read()[Key("app", "g")];
        Assert.Equal(701, read.Length);
        Assert.Equal(read.Select(sample => sample.Time).Order(), read.Select(sample => sample.Time));
        Assert.Equal([new(10, 1), new(15, -1), new Sample(20, -2), new Sample(30, 3)], read[1..5]);
    }

    [Fact]
    public void Counter_ThatResets_KeepsItsValues()
    {
        var series = new SeriesFixture();
        ulong[] totals = [10, 20, ulong.MaxValue, 3, 0, 7];
        for (var i = 0; i < totals.Length; i++)
        {
            series.AddCounter("app", "n", i, totals[i]);
        }

        series.Append();
        Assert.Equal(totals.Select(total => (double)total), series.Read().Values.Single().Select(sample => sample.Value));
    }

    [Fact]
    public void Values_NaNsAndInfinities_KeepTheirBits()
    {
        var series = new SeriesFixture();
        ulong[] bits = [0x7ff0000000000002, 0x7ff8000000000000, 0xfff8000000000001, 0x7ff0000000000000, 0xfff0000000000000, 0x0000000000000001];
        for (var i = 0; i < 300; i++)
        {
            series.AddGauge("app", "g", i, BitConverter.UInt64BitsToDouble(bits[i % bits.Length]));
        }

        series.Append();
        Assert.Equal(
            Enumerable.Range(0, 300).Select(i => bits[i % bits.Length]),
            series.Read().Values.Single().Select(sample => BitConverter.DoubleToUInt64Bits(sample.Value)));
    }

    [Fact]
    public void GapRecord_IsNoMetricOfItsSource()
    {
        var series = new SeriesFixture();
        series.AddCounter("app", "dropped", 1, 5, ("hop", "agent"), ("reason", "ring_full")).AddCounter("app", "dropped", 1, 5, ("hop", "agent")).Append();
        Assert.Equal([Key("app", "dropped", ("hop", "agent"))], series.Read().Keys);
    }

    [Fact]
    public void Query_OfSomeSources_WalksThemAloneAndOneAfterTheOther()
    {
        var series = new SeriesFixture();
        for (var i = 0; i < 30; i++)
        {
            series.AddCounter("app-" + (i % 3), "n", 1, 1, ("zone", "z" + i));
        }

        series.Append();
        Assert.Equal(20, series.Read(new SeriesQuery { SourceIds = ["app-0", "app-2", "app-0", "none"] }).Count);
        var (cursor, sources) = (new SeriesCursor(series.Store, new SeriesQuery()), new List<byte[]>());
        while (cursor.MoveNext())
        {
            if (sources.Count == 0 || sources[^1] != cursor.SourceId)
            {
                sources.Add(cursor.SourceId);
            }
        }

        Assert.Equal(3, sources.Count);
    }

    [Fact]
    public void Range_OfTime_IsInclusiveAndLeavesOutWhatHasNoSampleInIt()
    {
        var series = new SeriesFixture();
        for (var i = 0; i < 1000; i++)
        {
            series.AddGauge("app", "long", i, i);
        }

        series.AddGauge("app", "early", 5, 1).AddGauge("app", "late", 995, 1).Append();
        var read = series.Read(new SeriesQuery { From = 100, To = 350 });
        Assert.Equal(Enumerable.Range(100, 251).Select(i => (double)i), Assert.Single(read).Value.Select(sample => sample.Value));
        Assert.Equal([Key("app", "late"), Key("app", "long")], series.Read(new SeriesQuery { From = 990, LabelsOnly = true }).Keys.Order());
        Assert.Empty(series.Read(new SeriesQuery { From = 1000 }));
    }

    [Fact]
    public void TooLong_NamesAndTags_AreDroppedAndCounted()
    {
        var series = new SeriesFixture();
        series.AddCounter("app", new string('n', 2000), 1, 1).AddCounter("app", "n", 1, 1, ("tag", new string('v', 10_000))).AddCounter("app", "n", 1, 1).Append();
        Assert.Equal(2, series.Counters.TooLarge);
        Assert.Equal([Key("app", "n")], series.Read().Keys);
    }

    private static Envelope At(long milliseconds) => new() { Timestamp = milliseconds * 1_000_000 };

    private static byte[] Concat(params Envelope[] parts) => [.. parts.SelectMany(part => part.ToByteArray())];
}
