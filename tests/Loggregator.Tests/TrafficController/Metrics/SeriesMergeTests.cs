using Loggregator.PromQl.Storage;
using Loggregator.TrafficController.Metrics;
using Xunit;
using static Loggregator.Protocol.Internal.SeriesSamples.Types;

namespace Loggregator.Tests.TrafficController.Metrics;

/// <summary>What several Dopplers tell of the same series becomes one.</summary>
public sealed class SeriesMergeTests
{
    private static readonly Labels Requests = Labels.Of([new(Labels.MetricName, "requests")]);

    [Fact]
    public void SourceThatMoved_IsOneSeriesInTheOrderOfTime() =>
        Assert.Equal("1:10 2:20 3:30 4:40 5:50", Merge(Part(Kind.Counter, (1, 10), (3, 30), (4, 40)), Part(Kind.Counter, (2, 20), (4, 40), (5, 50))));

    [Theory]
    [InlineData(Kind.Counter)]
    [InlineData(Kind.Gauge)]
    public void Samples_OfOneTime_AreTheLarger(Kind kind) =>
        Assert.Equal("1:7 2:8 3:5 4:6", Merge(Part(kind, (1, 3), (2, 8), (3, double.NaN), (4, 6)), Part(kind, (1, 7), (2, 4), (3, 5), (4, double.NaN))));

    [Fact]
    public void Derived_AddUpAsCounters() =>
        Assert.Equal("1:15 2:16 3:18 5:19 9:25", Merge(Derived((1, 10), (2, 11), (5, 12)), Derived((1, 5), (3, 7), (9, 13))));

    [Fact]
    public void Derived_OneThatIsHeardOfLater_IsNoIncrease() =>
        Assert.Equal("1:1010 2:1011 3:1011 4:1013", Merge(Derived((1, 10), (2, 11)), Derived((3, 1000), (4, 1002))));

    [Fact]
    public void Derived_OneThatBeginsAnew_NeitherShrinksNorJumps() =>
        Assert.Equal("1:1010 2:1013 3:1015 4:1016", Merge(Derived((1, 1000), (2, 3), (3, 5)), Derived((1, 10), (4, 11))));

    [Fact]
    public void Derived_OfOneDoppler_StayAsTheyAre() => Assert.Equal("1:1000 2:3", Merge(Derived((1, 1000), (2, 3))));

    [Fact]
    public void Series_ComeInTheOrderOfTheirLabels()
    {
        var parts = "b a c".Split(' ').Select(name => new SeriesPart(Labels.Of([new(Labels.MetricName, name)]), Kind.Gauge, "", false));
        Assert.Equal("a b c", string.Join(' ', SeriesMerge.Merge([parts], CancellationToken.None).Select(series => series.Labels.Name)));
    }

    private static SeriesPart Derived(params (long, double)[] samples) => Part(Kind.Counter, true, samples);

    private static SeriesPart Part(Kind kind, params (long, double)[] samples) => Part(kind, false, samples);

    private static SeriesPart Part(Kind kind, bool derived, (long Time, double Value)[] samples)
    {
        var part = new SeriesPart(Requests, kind, "", derived);
        Assert.True(part.TryAdd([.. samples.Select(sample => sample.Time)], [.. samples.Select(sample => sample.Value)]));
        return part;
    }

    private static string Merge(params SeriesPart[] parts)
    {
        var merged = Assert.Single(SeriesMerge.Merge(parts.Select(part => new[] { part }), CancellationToken.None));
        Assert.Equal(Requests, merged.Labels);
        return string.Join(' ', merged.Samples.ToArray().Select(sample => $"{sample.Time}:{sample.Value}"));
    }
}
