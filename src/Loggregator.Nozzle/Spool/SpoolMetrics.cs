using System.Diagnostics.Metrics;

namespace Loggregator.Nozzle.Spool;

/// <summary>Exposes the <see cref="SpoolCounters"/> of a nozzle's sinks as instruments <c>loggregator.nozzle.spool.*</c>, tagged <c>sink</c>.</summary>
internal static class SpoolMetrics
{
    private const string Envelopes = "{envelope}", Bytes = "By";

    /// <summary>Registers the instruments.</summary>
    /// <param name="meter">The nozzle's.</param>
    /// <param name="spools">The spools that there are now, each with the name of its sink; asked at each observation.</param>
    public static void Register(Meter meter, Func<IEnumerable<KeyValuePair<string, SpoolCounters>>> spools)
    {
        ArgumentNullException.ThrowIfNull(meter);
        ArgumentNullException.ThrowIfNull(spools);
        IEnumerable<Measurement<T>> Each<T>(Func<SpoolCounters, T> read)
            where T : struct => spools().Select(spool => new Measurement<T>(read(spool.Value), new KeyValuePair<string, object?>("sink", spool.Key)));
        void Count(string name, string unit, Func<SpoolCounters, long> read, string what) =>
            meter.CreateObservableCounter("loggregator.nozzle.spool." + name, () => Each(read), unit, what);
        void Level(string name, string unit, Func<SpoolCounters, long> read, string what) =>
            meter.CreateObservableGauge("loggregator.nozzle.spool." + name, () => Each(read), unit, what);

        Level("bytes", Bytes, c => c.Bytes, "Disk that the spool uses");
        Level("budget", Bytes, c => c.Budget, "Disk that the spool may use");
        Level("segments", "{file}", c => c.Segments, "Files of envelopes");
        Level("held", Envelopes, c => c.Held, "Envelopes on disk that are not delivered");
        meter.CreateObservableGauge(
            "loggregator.nozzle.spool.oldest", () => Each(c => c.OldestAge.TotalSeconds), "s", "How long ago the oldest of these was stored");
        Level("stopped", "1", c => c.Stopped ? 1 : 0, "1 while nothing is stored or acknowledged, because the spool or its disk is full or refuses");
        Count("restored", Envelopes, c => c.Restored, "Envelopes that were held when the spool was opened");
        Count("appended", Envelopes, c => Interlocked.Read(ref c.Appended), "Envelopes stored");
        Count("appended.bytes", Bytes, c => Interlocked.Read(ref c.AppendedBytes), "Bytes written for these");
        Count("delivered", Envelopes, c => Interlocked.Read(ref c.Delivered), "Envelopes delivered");
        Count("dropped", Envelopes, c => Interlocked.Read(ref c.Dropped), "Envelopes dropped because the spool or its disk was full; gap records tell of them");
        Count("damaged", Envelopes, c => Interlocked.Read(ref c.Damaged), "Envelopes that could not be read back; gap records tell of them");
        Count("damaged.blocks", "{block}", c => Interlocked.Read(ref c.DamagedBlocks), "Damaged places found while reading");
        Count("commits", "{commit}", c => Interlocked.Read(ref c.Commits), "Groups of appends made durable together");
        Count("failures", "{error}", c => Interlocked.Read(ref c.Failures), "Writes and syncs that the disk refused");
        Count("retired", "{file}", c => Interlocked.Read(ref c.Retired), "Segments given up because a write or sync failed");
    }
}
