using Loggregator.Pipeline.Series;
using Xunit;
using static Loggregator.Tests.Pipeline.Series.SeriesFixture;

namespace Loggregator.Tests.Pipeline.Series;

/// <summary>The store against plain lists, through evictions and folds: what is read is what was put there, less the oldest.</summary>
public sealed class SeriesModelTests
{
    [Theory]
    [InlineData(1, 64, 1000)]
    [InlineData(2, 2, 1000)]
    [InlineData(3, 1, 1000)]
    [InlineData(4, 1, 40)]
    [InlineData(5, 2, 15)]
    public void Store_UnderSeededOperations_IsAsPlainLists(int seed, int mebibytes, int maxSeries)
    {
        var random = new Random(seed);
        var series = new SeriesFixture(new SeriesLimits { Bytes = (long)mebibytes << 20, MaxSeries = maxSeries, MaxSeriesPerSource = Math.Max(maxSeries / 4, 5) });
        var model = new Dictionary<string, SortedDictionary<long, double>>();
        var time = 1000L;
        for (var step = 0; step < 300; step++)
        {
            for (var count = random.Next(1, 800); count > 0; count--)
            {
                Add(series, model, random, time);
                time += random.Next(3);
            }

            series.Append();
            series.Time.Advance(TimeSpan.FromSeconds(random.Next(200)));
        }

        var read = series.Read();
        read = read.Where(pair => !pair.Key.Contains("/other{", StringComparison.Ordinal)).ToDictionary();
        foreach (var (key, samples) in read)
        {
            Assert.Equal(samples.Select(sample => sample.Time).Order(), samples.Select(sample => sample.Time));
            foreach (var sample in samples)
            {
                Assert.True(model[key].TryGetValue(sample.Time, out var value), $"{key} has a sample at {sample.Time} that was never put there");
                Assert.Equal(value, sample.Value);
            }
        }

        var (from, to) = (time / 2, time / 2 + 300);
        foreach (var (key, samples) in series.Read(new SeriesQuery { From = from, To = to }).Where(pair => !pair.Key.Contains("/other{", StringComparison.Ordinal)))
        {
            Assert.Equal(read[key].Where(sample => sample.Time >= from && sample.Time <= to), samples);
        }

        for (var i = 0; i < 12; i++)
        {
            var name = System.Text.Encoding.UTF8.GetBytes("m" + i);
            Assert.Equal(
                read.Where(pair => pair.Key.Contains($"/m{i}{{", StringComparison.Ordinal)).OrderBy(pair => pair.Key),
                series.Read(new SeriesQuery { Names = one => one.AsSpan().SequenceEqual(name) }).OrderBy(pair => pair.Key));
        }

        if (series.Counters.Evicted + series.Counters.Folded == 0)
        {
            Assert.Equal(model.Keys.Order(), read.Keys.Order());
            Assert.All(model, pair => Assert.Equal(pair.Value.Count, read[pair.Key].Length));
        }

        // Two samples of one millisecond can be in a chunk each; readers get one.
        Assert.InRange(series.Read().Values.Sum(samples => samples.Length), series.Counters.Held * 0.98, series.Counters.Held);
    }

    private static void Add(SeriesFixture series, Dictionary<string, SortedDictionary<long, double>> model, Random random, long time)
    {
        var source = "source-" + (int)(random.NextDouble() * random.NextDouble() * 12);
        var name = "m" + (int)(random.NextDouble() * random.NextDouble() * 12);
        (string, string)[] tags = random.Next(4) == 0 ? [("b", "x"), ("a", random.Next(3).ToString(System.Globalization.CultureInfo.InvariantCulture))] : [];
        time = random.Next(50) == 0 ? time - random.Next(1000) : time;
        var value = random.Next(3) == 0 ? SampleChunkTests.AnyBits(random) : random.Next(1000) / 4.0;
        series.AddGauge(source, name, time, value, tags);
        var key = Key(source, name, tags);
        if (!model.TryGetValue(key, out var samples))
        {
            model.Add(key, samples = []);
        }

        samples[time] = value;
    }
}
