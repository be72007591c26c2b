using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Step 7 of the spine: counters and gauges as series per source, instance, name and tags, packed, bounded in bytes and in number. What would be a series too
/// many is folded: its samples are counted for its source, in a counter named <c>other</c>. Any thread may append and read; both are short critical
/// sections under one lock.
/// </summary>
public sealed class SeriesStore
{
    private const int MaxUnitBytes = 64;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly SeriesAppender _appender;
    private readonly SeriesIndex _index;
    private readonly DerivedSeries _derived;
    private readonly MessageBuffer _identity = MessageBuffer.Rent(1024);

    /// <summary>An empty store.</summary>
    /// <param name="limits">What it may take; with no bytes it is off.</param>
    /// <param name="time">Tells what is idle, and the present.</param>
    public SeriesStore(SeriesLimits limits, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(time);
        (_time, _started, Limits) = (time, time.GetTimestamp(), limits);
        _appender = new SeriesAppender(limits, Counters);
        _index = _appender.Index;
        _derived = new DerivedSeries(_appender);
    }

    /// <summary>Whether samples are kept at all.</summary>
    public bool IsOn => Limits.Bytes > 0;

    /// <summary>What it may take.</summary>
    public SeriesLimits Limits { get; }

    /// <summary>What became of the samples.</summary>
    public SeriesCounters Counters { get; } = new();

    /// <summary>Series that are there.</summary>
    public int Count => _index.Count;

    /// <summary>Memory that is used, in bytes.</summary>
    public long Used => _appender.Memory.Used;

    internal Lock Gate { get; } = new();

    internal SeriesIndex Index => _index;

    internal SeriesAppender Appender => _appender;

    /// <summary>Samples folded because of this limit.</summary>
    public long FoldedBy(FoldLimit limit) => _appender.FoldedBy(limit);

    internal void Append(ReadOnlySpan<byte> message, SeriesBatch batch)
    {
        var metrics = batch.Metrics;
        lock (Gate)
        {
            _appender.Now = (uint)_time.GetElapsedTime(_started).TotalSeconds + 1;
            var present = _time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (ref readonly var row in batch.Rows)
            {
                var set = _index.Find(row.Hash) ?? Resolve(message, batch, row);
                if (row.Metrics == 0)
                {
                    var identity = set is null ? _identity.Span : set.Identity;
                    _derived.CountRequest(set, identity, row.Seconds, Math.Min(row.Time, present));
                    continue;
                }

                foreach (ref readonly var metric in metrics[..row.Metrics])
                {
                    AppendMetric(message, ref set, row.Time, metric, present);
                }

                metrics = metrics[row.Metrics..];
            }

            _appender.Eviction.MakeRoom(_appender.Now);
        }
    }

    /// <summary>Makes samples of what has been counted so far. Lock.</summary>
    internal void Flush() => _derived.Flush();

    // Puts the canonical identity into _identity.
    private LabelSet? Resolve(ReadOnlySpan<byte> message, SeriesBatch batch, in SeriesRow row)
    {
        _identity.Clear();
        if (row.CanonicalLength > 0)
        {
            _identity.Write(batch.Canonical(row));
            return null; // its hash was that of the canonical form
        }

        var envelope = message.Slice(row.Offset, row.Length);
        RawEnvelope.TryReadHeader(envelope, out var header);
        EnvelopeIdentity.Write(_identity, envelope, header);
        return _index.Find(_index.HashOf(_identity.Span));
    }

    private void AppendMetric(ReadOnlySpan<byte> message, ref LabelSet? set, long time, in MetricRow metric, long present)
    {
        Counters.ReceivedCount++;
        var name = message.Slice(metric.NameOffset, metric.NameLength);
        var series = set?.Find(name, metric.NameHash, metric.Kind);
        if (series is null)
        {
            var identity = set is null ? _identity.Span : set.Identity;
            series = _appender.Add(ref set, identity, name, metric.NameHash, metric.Kind, Math.Min(time, present));
            if (series is null)
            {
                return;
            }
        }

        var unit = message.Slice(metric.UnitOffset, metric.UnitLength <= MaxUnitBytes ? metric.UnitLength : 0);
        if (!unit.SequenceEqual(series.Unit.Utf8))
        {
            _index.SetUnit(series, unit);
        }

        _appender.Append(series, time, metric.Value);
    }
}
