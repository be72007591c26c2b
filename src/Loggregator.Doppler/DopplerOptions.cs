using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Doppler;

/// <summary>Settings of the doppler role, section <c>Doppler</c>.</summary>
public sealed class DopplerOptions
{
    private const long MinLogBytes = 1024 * 1024, MaxDefaultLogBytes = 1024 * 1024 * 1024, MaxDefaultSeriesBytes = 512 * 1024 * 1024;

    /// <summary>Where agents, Traffic Controllers and original peers connect.</summary>
    public string Listen { get; set; } = "0.0.0.0:8082";

    /// <summary>The name by which agents place their lanes, stable over restarts if lanes shall stay; random if empty.</summary>
    public string Id { get; set; } = "";

    /// <summary>Memory for the log, rows included, in bytes.</summary>
    /// <value>The smaller of a quarter of the memory limit and 1 GiB.</value>
    public long LogBytes { get; set; } = Math.Max(MinLogBytes, Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, MaxDefaultLogBytes));

    /// <summary>
    /// The part of <see cref="LogBytes"/> that is for metrics (counters, gauges, timers), in percent; the rest is for logs and events. What one of them
    /// does not need the other may use; seven eighths of either part cannot be taken away by the other.
    /// </summary>
    public int MetricPercent { get; set; } = EnvelopeLog.DefaultMetricPercent;

    /// <summary>Memory for series of counters and gauges, in bytes; 0 keeps none.</summary>
    /// <value>The smaller of an eighth of the memory limit and 512 MiB.</value>
    public long SeriesBytes { get; set; } = Math.Max(SeriesLimits.MinBytes, Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, MaxDefaultSeriesBytes));

    /// <summary>Series of one source; samples of what goes over are folded into its counter <c>other</c>. Series that got nothing for an hour give way to new ones.</summary>
    public int MaxSeriesPerSource { get; set; } = 10_000;

    /// <summary>Series of all sources together; samples of what goes over are folded.</summary>
    public int MaxSeries { get; set; } = 200_000;

    /// <summary>The file that a planned stop writes log and series to, and that the next start loads and deletes; none if empty.</summary>
    public string SnapshotPath { get; set; } = "";

    /// <summary>The largest message that readers of <c>Egress</c> take; a larger envelope is dropped for them and told.</summary>
    public int MaxEgressMessageBytes { get; set; } = RawMethods.MaxMessageBytes;

    /// <summary>How long a group of acknowledging readers that has no members keeps its place; then it is forgotten, with what it had not acknowledged.</summary>
    public TimeSpan GroupKeep { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a planned stop waits for streams to finish.</summary>
    public TimeSpan DrainDeadline { get; set; } = TimeSpan.FromSeconds(10);

    internal SeriesLimits ToSeriesLimits() => new() { Bytes = SeriesBytes, MaxSeriesPerSource = MaxSeriesPerSource, MaxSeries = MaxSeries };

    /// <summary>All that is wrong, each with its key and cure.</summary>
    public IEnumerable<string> Validate()
    {
        var colon = Listen.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(Listen.AsSpan(colon + 1), out _))
        {
            yield return $"Doppler:Listen is '{Listen}'. Give host:port, for example 0.0.0.0:8082; port 0 picks a free one.";
        }

        if (LogBytes < MinLogBytes)
        {
            yield return $"Doppler:LogBytes is {LogBytes}. Give at least {MinLogBytes} (1 MiB); 1073741824 (1 GiB) is usual.";
        }

        if (MetricPercent is < EnvelopeLog.MinMetricPercent or > EnvelopeLog.MaxMetricPercent)
        {
            yield return $"Doppler:MetricPercent is {MetricPercent}. Give {EnvelopeLog.MinMetricPercent} to {EnvelopeLog.MaxMetricPercent}; {EnvelopeLog.DefaultMetricPercent} is usual.";
        }

        if (SeriesBytes is not 0 and < SeriesLimits.MinBytes)
        {
            yield return $"Doppler:SeriesBytes is {SeriesBytes}. Give at least {SeriesLimits.MinBytes} (1 MiB), or 0 for no series; 536870912 (512 MiB) is usual.";
        }

        if (MaxSeriesPerSource < 1)
        {
            yield return $"Doppler:MaxSeriesPerSource is {MaxSeriesPerSource}. Give at least 1; 10000 is usual.";
        }

        if (MaxSeries < 1)
        {
            yield return $"Doppler:MaxSeries is {MaxSeries}. Give at least 1; 200000 is usual.";
        }

        if (SnapshotPath.Length > 0 && (Path.EndsInDirectorySeparator(SnapshotPath) || Directory.Exists(SnapshotPath)))
        {
            yield return $"Doppler:SnapshotPath is the folder '{SnapshotPath}'. Give the path of a file, for example /var/lib/loggregator/doppler/snapshot.";
        }

        if (MaxEgressMessageBytes is < 1024 or > RawMethods.MaxMessageBytes)
        {
            yield return $"Doppler:MaxEgressMessageBytes is {MaxEgressMessageBytes}. Give 1024 to {RawMethods.MaxMessageBytes} (10 MiB).";
        }

        if (GroupKeep < TimeSpan.Zero || GroupKeep > TimeSpan.FromDays(1))
        {
            yield return $"Doppler:GroupKeep is {GroupKeep}. Give 00:00:00 to 1.00:00:00; 00:10:00 is usual.";
        }

        if (DrainDeadline < TimeSpan.Zero || DrainDeadline > TimeSpan.FromMinutes(10))
        {
            yield return $"Doppler:DrainDeadline is {DrainDeadline}. Give 00:00:00 to 00:10:00; 00:00:10 is usual.";
        }
    }
}
