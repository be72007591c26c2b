using Loggregator.Pipeline.Series;
using Xunit;
using static Loggregator.Tests.Pipeline.Series.SeriesFixture;

namespace Loggregator.Tests.Pipeline.Series;

public sealed class SeriesSnapshotTests
{
    [Fact]
    public void Series_SavedAndLoaded_AreTheSameAndGoOn()
    {
        var series = Filled();
        var loaded = new SeriesFixture();
        loaded.Store.Load(Saved(series));
        loaded.AssertConserved();
        AssertSame(series.Read(), loaded.Read());
        Assert.Equal(series.Counters.Held, loaded.Counters.Loaded);

        foreach (var store in new[] { series, loaded })
        {
            store.AddGauge("app-1", "g1", 1_000_000, 5).AddHttp("app-1", store.Now, 30, "GET", "200").Append();
        }

        var (before, after) = (series.Read(), loaded.Read());
        AssertSame(before, after);
        Assert.Equal(4, after[Key("app-1", "http_requests_total", ("method", "GET"), ("status_class", "2xx"))][^1].Value); // it goes on from 3
        loaded.AssertConserved();
    }

    [Fact]
    public void Series_LoadedIntoLessMemory_LoseTheOldest()
    {
        var series = Filled();
        var loaded = new SeriesFixture(new SeriesLimits { Bytes = 300 * 1024 });
        loaded.Store.Load(Saved(series));
        loaded.AssertConserved();
        Assert.True(loaded.Counters.Evicted > 0, "it all fitted");
        var before = series.Read();
        Assert.All(loaded.Read(), pair => Assert.Equal(before[pair.Key][^pair.Value.Length..], pair.Value));
    }

    [Fact]
    public void Series_LoadedUnderALowerLimit_AreFolded()
    {
        var loaded = new SeriesFixture(new SeriesLimits { MaxSeriesPerSource = 2 });
        loaded.Store.Load(Saved(Filled()));
        loaded.AssertConserved();
        Assert.True(loaded.Store.FoldedBy(FoldLimit.Source) > 0, "all found room");
    }

    [Fact]
    public void Saved_TornOrFlipped_NeverThrowsAnythingElse()
    {
        var bytes = Saved(Filled(rounds: 20)).ToArray();
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            var damaged = bytes[..(round % 2 == 0 ? random.Next(bytes.Length) : bytes.Length)];
            if (round % 2 == 1)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            var loaded = new SeriesFixture();
            try
            {
                loaded.Store.Load(new MemoryStream(damaged));
                Assert.True(round % 2 == 1, "what is torn was taken for whole");
            }
            catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
            {
                // That is what it has to say.
            }

            loaded.AssertConserved();
            var cursor = new SeriesCursor(loaded.Store, new SeriesQuery());
            while (cursor.MoveNext())
            {
                Assert.NotEmpty(cursor.Samples.ToArray());
            }
        }
    }

    private static SeriesFixture Filled(int rounds = 400)
    {
        var series = new SeriesFixture();
        var random = new Random(2);
        for (var i = 0; i < rounds; i++)
        {
            for (var source = 0; source < 20; source++)
            {
                for (var metric = 0; metric < 10; metric++)
                {
                    series.AddGauge("app-" + source, "g" + metric, (i * 1000) + random.Next(5), metric % 2 == 0 ? random.NextDouble() : random.Next(100), ("zone", "z"));
                }
            }

            series.Append();
        }

        series.AddHttp("app-1", series.Now, 3, "GET", "200").AddHttp("app-1", series.Now, 3, "GET", "200").AddHttp("app-1", series.Now, 3, "GET", "200").Append();
        return series;
    }

    private static MemoryStream Saved(SeriesFixture series)
    {
        var stream = new MemoryStream();
        series.Store.Save(stream);
        Assert.InRange(stream.Length, 1, series.Store.Used);
        stream.Position = 0;
        return stream;
    }

    private static void AssertSame(Dictionary<string, Sample[]> expected, Dictionary<string, Sample[]> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        Assert.All(expected, pair => Assert.Equal(pair.Value, actual[pair.Key]));
    }
}
