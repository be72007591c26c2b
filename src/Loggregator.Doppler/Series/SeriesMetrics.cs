using System.Diagnostics.Metrics;
using Loggregator.Pipeline.Series;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler.Series;

/// <summary>The instruments of what the series hold.</summary>
internal static class SeriesMetrics
{
    private const string Samples = "{sample}", Bytes = "By";

    public static void Register(Meter meter, SeriesStore store, TimeProvider time)
    {
        void Count(string name, Func<long> read, string what) => meter.CreateObservableCounter("loggregator.doppler.series." + name, read, Samples, what);
        void Level(string name, string unit, Func<long> read, string what) => meter.CreateObservableGauge("loggregator.doppler.series." + name, read, unit, what);

        Level("count", "{series}", () => store.Count, "Series of counters and gauges that are held");
        Level("sources", "{source}", () => store.SourceCount, "Sources that they are of");
        Level("bytes", Bytes, () => store.Used, "Memory of the series in use");
        Level("budget", Bytes, () => store.Limits.Bytes, "Memory that the series may use");
        Level("held", Samples, () => store.Counters.Held, "Samples that are held: appended - evicted");
        Count("received", () => store.Counters.Received, "Samples of counters, gauges and http timers: appended + folded + dropped, less those loaded");
        Count("appended", () => store.Counters.Appended, "Samples that became part of a series, loaded ones too");
        Count("loaded", () => store.Counters.Loaded, "Samples that came from a snapshot");
        Count("evicted", () => store.Counters.Evicted, "Samples that left to make room, the oldest first");
        meter.CreateObservableCounter("loggregator.doppler.series.folded", () => Folded(store), Samples, "Samples of series that there was no room for, by the limit");
        meter.CreateObservableCounter("loggregator.doppler.series.dropped", () => Dropped(store), Samples, "Samples dropped, by reason");
        meter.CreateObservableGauge(
            "loggregator.doppler.series.horizon",
            () => store.OldestTime is { } oldest ? (time.GetUtcNow().ToUnixTimeMilliseconds() - oldest) / 1000.0 : 0,
            "s",
            "Age of the oldest sample that makes room next");
    }

    /// <summary>Says once a minute whose samples are folded.</summary>
    public static void Tell(SeriesStore store, ILogger logger) => store.OnFolded = (limit, source) => Log.SeriesFolded(logger, source, LimitText(limit));

    private static IEnumerable<Measurement<long>> Folded(SeriesStore store) =>
        Enum.GetValues<FoldLimit>().Select(limit => new Measurement<long>(store.FoldedBy(limit), new KeyValuePair<string, object?>("limit", LimitText(limit))));

    private static IEnumerable<Measurement<long>> Dropped(SeriesStore store)
    {
        yield return new(store.Counters.Replaced, new KeyValuePair<string, object?>("reason", "replaced"));
        yield return new(store.Counters.TooLarge, new KeyValuePair<string, object?>("reason", "too_large"));
    }

    private static string LimitText(FoldLimit limit) => limit switch
    {
        FoldLimit.Source => "source",
        FoldLimit.All => "all",
        _ => "memory",
    };
}
