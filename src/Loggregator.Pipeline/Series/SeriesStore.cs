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
    private const int MostRemovedAtOnce = 1000; // series
    private const long MostEvictedAtOnce = 4 * 1024 * 1024;
    private const int UsualSlots = 16; // of one gauge's metrics
    private const int RowsAtOnce = 32; // what they touch fits into a core's cache
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly SeriesAppender _appender;
    private readonly SeriesIndex _index;
    private readonly DerivedSeries _derived;
    private readonly MessageBuffer _identity = MessageBuffer.Rent(1024);
    private readonly LabelSet?[] _sets = new LabelSet?[RowsAtOnce];
    private long _fetched; // so that reading is of use to somebody

    /// <summary>An empty store.</summary>
    /// <param name="limits">What it may take; with no bytes it is off.</param>
    /// <param name="time">Tells what is idle, and the present.</param>
    public SeriesStore(SeriesLimits limits, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(time);
        (_time, _started) = (time, time.GetTimestamp());
        _appender = new SeriesAppender(limits, Counters);
        _index = _appender.Index;
        _derived = new DerivedSeries(_appender);
    }

    /// <summary>Whether samples are kept at all.</summary>
    public bool IsOn => Limits.Bytes > 0;

    /// <summary>What it may take.</summary>
    public SeriesLimits Limits => _index.Limits;

    /// <summary>What became of the samples.</summary>
    public SeriesCounters Counters { get; } = new();

    /// <summary>Series that are there.</summary>
    public int Count => _index.Count;

    /// <summary>Memory that is used, in bytes.</summary>
    public long Used => _appender.Memory.Used;

    /// <summary>Sources that they are of.</summary>
    public int SourceCount => _index.SourceCount;

    /// <summary>Time of the first sample of what makes room next, UNIX milliseconds.</summary>
    public long? OldestTime
    {
        get
        {
            lock (Gate)
            {
                return _appender.Eviction.OldestTime;
            }
        }
    }

    /// <summary>Called once a minute while samples are folded, with the limit and the source; it must not call back.</summary>
    public Action<FoldLimit, string>? OnFolded
    {
        get => _appender.OnFolded;
        set => _appender.OnFolded = value;
    }

    internal Lock Gate { get; } = new();

    internal SeriesIndex Index => _index;

    internal SeriesAppender Appender => _appender;

    /// <summary>Samples folded because of this limit.</summary>
    public long FoldedBy(FoldLimit limit) => _appender.FoldedBy(limit);

    /// <summary>What there is of a source: its series, the memory that they take in bytes, and samples of it that were folded since there is a series of it.</summary>
    public (int Series, long Bytes, long Folded) UsageOf(ReadOnlySpan<byte> sourceId)
    {
        lock (Gate)
        {
            return _index.FindSource(sourceId) is { } source ? (source.SeriesCount, source.HeldBytes, source.Folded) : default;
        }
    }

    /// <summary>Writes all that is held, windows as chunks; it is less than <see cref="Used"/>.</summary>
    public void Save(Stream target)
    {
        ArgumentNullException.ThrowIfNull(target);
        lock (Gate)
        {
            Flush();
            SeriesSnapshot.Write(target, _index);
        }
    }

    /// <summary>Fills the store, which must not have got anything yet, with what was saved, as far as the limits let it; of what is too much the oldest goes.</summary>
    /// <exception cref="InvalidDataException">The bytes are not what was saved; what came before that place is there.</exception>
    /// <exception cref="EndOfStreamException">So too, because they end too early.</exception>
    public void Load(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!IsOn)
        {
            return;
        }

        lock (Gate)
        {
            SeriesSnapshot.Read(source, _appender);
        }
    }

    /// <summary>
    /// Changes what it may take. Of what is too much the oldest samples go, and of a source with too many series, or of all, those that got nothing for the longest time;
    /// without bytes everything goes. Appends wait for one step at a time.
    /// </summary>
    public void Resize(SeriesLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        TimeSeries[] excess;
        lock (Gate)
        {
            _index.Limits = limits;
            excess = SeriesExcess.Of(_index);
        }

        foreach (var step in excess.Chunk(MostRemovedAtOnce))
        {
            lock (Gate)
            {
                _appender.Eviction.Remove(step.Where(series => !series.IsGone));
            }
        }

        for (var stage = Math.Max(limits.Bytes, Used); ; stage = Math.Max(limits.Bytes, stage - MostEvictedAtOnce))
        {
            lock (Gate)
            {
                _appender.Memory.Budget = stage;
                _appender.Eviction.MakeRoom(_appender.Now);
            }

            if (stage == limits.Bytes)
            {
                return;
            }
        }
    }

    internal void Append(ReadOnlySpan<byte> message, SeriesBatch batch)
    {
        var metrics = batch.Metrics;
        lock (Gate)
        {
            if (!IsOn)
            {
                return; // switched off since the batch was begun
            }

            _appender.Now = (uint)_time.GetElapsedTime(_started).TotalSeconds + 1;
            var present = _time.GetUtcNow().ToUnixTimeMilliseconds();
            for (var rows = batch.Rows; !rows.IsEmpty; rows = rows[Math.Min(RowsAtOnce, rows.Length)..])
            {
                AppendRows(message, batch, rows[..Math.Min(RowsAtOnce, rows.Length)], ref metrics, present);
            }

            _appender.Eviction.MakeRoom(_appender.Now);
        }
    }

    private void AppendRows(ReadOnlySpan<byte> message, SeriesBatch batch, ReadOnlySpan<SeriesRow> rows, ref ReadOnlySpan<MetricRow> metrics, long present)
    {
        Fetch(rows);
        for (var i = 0; i < rows.Length; i++)
        {
            ref readonly var row = ref rows[i];
            var set = _sets[i] is { Count: > 0 } found ? found : _index.Find(row.Hash) ?? Resolve(message, batch, row); // those before may have added or removed it
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
    }

    // Looks the rows' sets up, and reads a little of everything that appending is going to need: memory answers many independent reads in the time of one, and
    // appending waits for each in turn.
    private void Fetch(ReadOnlySpan<SeriesRow> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            _sets[i] = _index.Find(rows[i].Hash);
        }

        var sets = _sets.AsSpan(0, rows.Length);
        var read = 0L;
        foreach (var set in sets)
        {
            read += set is null ? 0 : set.Slots.Length;
        }

        foreach (var set in sets)
        {
            if (set is not null && set.Slots.Length <= UsualSlots)
            {
                foreach (var series in set.Slots)
                {
                    read += series is null ? 0 : series.Fetch();
                }
            }
        }

        Volatile.Write(ref _fetched, read);
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
