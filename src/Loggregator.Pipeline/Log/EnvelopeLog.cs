using Loggregator.Pipeline.Groups;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// The lossy log of a Doppler, bounded in bytes: everything is appended once, everyone reads from it at a position of one's own. Any thread
/// may append; appends are short critical sections under one lock. When the budget is used up the oldest segment is evicted, and each
/// consumer that had not read it is told exactly what it lost. Lock order: append lock, then consumers' gates.
/// </summary>
public sealed class EnvelopeLog
{
    /// <summary>The position of the first envelope.</summary>
    public const long FirstPosition = 1;

    /// <summary>The part of the budget that is for metrics, unless told otherwise.</summary>
    public const int DefaultMetricPercent = 25;

    /// <summary>The least and the largest part, so that neither class is without floors.</summary>
    public const int MinMetricPercent = 10, MaxMetricPercent = 90;

    private const int MaxSources = 100_000, MostEvictedAtOnce = 16 * 1024 * 1024;
    private const int NeverPackedPart = 4; // of the budget: the newest quarter stays as it came
    private const int MaxStreams = 128 * 1024; // that are numbered at a time
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly SegmentPool _pool = new();
    private readonly SourceTable _sources;
    private readonly ClassBudget[] _classes = [new(EnvelopeClass.Logs), new(EnvelopeClass.Metrics)];
    private readonly PositionTimes _times = new();
    private readonly LogBinding _binding;
    private readonly Eviction _eviction;
    private readonly List<LogConsumer> _consumers = [];
    private readonly List<LogConsumer> _toWake = [];
    private long _head = FirstPosition;
    private readonly StampTable _stamps = new(MaxStreams, Random.Shared.NextInt64());

    /// <summary>An empty log.</summary>
    /// <param name="budget">Bytes of memory for envelopes and their rows; at least 1 MiB.</param>
    /// <param name="time">Tells which sources are idle.</param>
    /// <param name="maxSources">Sources that are indexed apart.</param>
    /// <param name="groups">What groups that acknowledge may take.</param>
    /// <param name="metricPercent">The part of the budget that is for metrics, 10 to 90.</param>
    public EnvelopeLog(long budget, TimeProvider time, int maxSources = MaxSources, GroupLimits? groups = null, int metricPercent = DefaultMetricPercent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, 64 * 1024);
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _started = time.GetTimestamp();
        _pool.SizeFor(budget);
        _sources = new SourceTable(maxSources);
        Segments = new SegmentList(_pool);
        _binding = new LogBinding(_sources);
        _eviction = new Eviction(Segments, _pool, _sources, _classes);
        SetBudget(budget, metricPercent);
        Groups = new AckGroups(this, groups ?? new GroupLimits(), time);
    }

    /// <summary>The position of the next envelope.</summary>
    public long Head => Volatile.Read(ref _head);

    /// <summary>Bytes of memory for envelopes and their rows.</summary>
    public long Budget => _eviction.Budget;

    /// <summary>The part of <see cref="Budget"/> that is for metrics.</summary>
    public int MetricPercent { get; private set; }

    /// <summary>Bytes of memory that are used. Approximate while others append.</summary>
    public long Used => Segments.Used + _pool.SpareBytes;

    /// <summary>Of these, bytes of packed records.</summary>
    public long PackedBytes => Segments.PackedBytes;

    /// <summary>Bytes of the records that are packed, before they were.</summary>
    public long OriginalBytes => Segments.OriginalBytes;

    /// <summary>Envelopes appended.</summary>
    public long Appended => Head - FirstPosition - Loaded;

    /// <summary>Envelopes that were not appended but loaded.</summary>
    public long Loaded { get; private set; }

    /// <summary>Envelopes that left the log.</summary>
    public long Evicted => _eviction.Rows;

    /// <summary>The groups whose members acknowledge.</summary>
    public AckGroups Groups { get; }

    /// <summary>Sources that hold envelopes.</summary>
    public int HeldSources => _sources.Holders;

    private long Now => (long)_time.GetElapsedTime(_started).TotalSeconds;

    internal Lock AppendGate { get; } = new();

    internal SegmentList Segments { get; }

    internal SourceTable SourceTable => _sources;

    internal ClassBudget[] Classes => _classes;

    /// <summary>Nothing was ever evicted, nor of the log that this one was loaded from.</summary>
    internal bool HoldsEverything => Array.TrueForAll(_classes, kind => kind.EvictedTo == 0);

    /// <summary>
    /// Numbers and appends the batch's envelopes, which are in <paramref name="message"/>, and wakes who waits for them. The numbers of a
    /// stream ascend in the log.
    /// </summary>
    public void Append(ReadOnlySpan<byte> message, AppendBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Append(message, batch, age: 0);
    }

    /// <summary>
    /// Writes the newest of what is held, at most <paramref name="maxBytes"/>. What is appended meanwhile is left out, what is evicted meanwhile may be.
    /// </summary>
    public void Save(Stream target, long maxBytes)
    {
        ArgumentNullException.ThrowIfNull(target);
        new LogSnapshotWriter(this, target).Write(maxBytes);
    }

    /// <summary>
    /// Fills the log, which must not have got anything yet, with what was saved. Positions are new; order, numbers, bytes and counts per source are those
    /// of the saved log. What is more than the budget is evicted.
    /// </summary>
    /// <returns>The envelopes that are held now.</returns>
    /// <exception cref="LogSnapshotException">The bytes are no saved log, or not all of one; the log is empty then.</exception>
    public long Load(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (Head != FirstPosition)
        {
            throw new InvalidOperationException("The log has got something already.");
        }

        var loaded = false;
        try
        {
            new LogSnapshotReader(this, source).Read();
            loaded = true;
        }
        finally
        {
            lock (AppendGate)
            {
                Loaded = Head - FirstPosition;
                if (!loaded)
                {
                    Segments.Roll(0);
                    _eviction.DropAll(Now, _consumers);
                }
            }
        }

        return _classes.Sum(kind => kind.HeldRows);
    }

    /// <summary>Seconds since a position was appended. Append lock.</summary>
    internal long AgeOf(long position) => Math.Max(Now - _times.Of(position), 0);

    internal void Append(ReadOnlySpan<byte> message, AppendBatch batch, long age)
    {
        var rows = batch.Rows;
        if (rows.IsEmpty)
        {
            return;
        }

        lock (AppendGate)
        {
            var now = Now - age;
            _times.Note(_head, now);
            while (!rows.IsEmpty)
            {
                SeeToRoom(rows[0].MaxLength, now);
                rows = rows[AppendTo(Segments.Tail, message, rows, now)..];
            }

            foreach (var consumer in _binding.WatchAll)
            {
                consumer.Signal.Set();
            }

            foreach (var consumer in _toWake)
            {
                consumer.IsToBeWoken = false;
                consumer.Signal.Set();
            }

            _toWake.Clear();
        }
    }

    /// <summary>Changes what the log may use. If it is less than is used, the oldest goes at once, and who had not read it is told.</summary>
    /// <param name="budget">Bytes of memory for envelopes and their rows; at least 64 KiB.</param>
    /// <param name="metricPercent">The part of it that is for metrics, 10 to 90.</param>
    public void SetBudget(long budget, int metricPercent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, 64 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(metricPercent, MinMetricPercent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(metricPercent, MaxMetricPercent);
        lock (AppendGate)
        {
            _classes[(int)EnvelopeClass.Metrics].Budget = budget / 100 * metricPercent;
            _classes[(int)EnvelopeClass.Logs].Budget = budget - _classes[(int)EnvelopeClass.Metrics].Budget;
            MetricPercent = metricPercent;
            _pool.SizeFor(budget);
            Segments.Cold.KeptBack = (int)(budget / NeverPackedPart / _pool.SegmentBytes);
            if (Segments.Tail.Bytes.Length > _pool.SegmentBytes)
            {
                Segments.Roll(0);
            }
        }

        // A little at a time: appends wait for one step.
        for (var stage = Math.Max(budget, Used); ; stage = Math.Max(budget, stage - MostEvictedAtOnce))
        {
            lock (AppendGate)
            {
                _eviction.Budget = stage;
                _eviction.MakeRoom(0, 0, Now, _consumers);
            }

            if (stage == budget)
            {
                return;
            }
        }
    }

    /// <summary>How a class fares.</summary>
    public ClassUsage Usage(EnvelopeClass kind)
    {
        lock (AppendGate)
        {
            var budget = _classes[(int)kind];
            return new ClassUsage
            {
                Budget = budget.Budget,
                Envelopes = budget.Rows,
                Bytes = budget.Bytes,
                HeldEnvelopes = budget.HeldRows,
                HeldBytes = budget.HeldBytes,
                EvictedEnvelopes = budget.EvictedRows,
                EvictedBytes = budget.EvictedBytes,
                Horizon = budget.Rows == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(_times.Newest - _times.Of(budget.EvictedTo + 1)),
                Oldest = budget.HeldRows == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(_times.Newest - _times.Of(Segments.OldestOf(kind))),
            };
        }
    }

    /// <summary>Segments will be packed.</summary>
    internal void BeginPacking()
    {
        lock (AppendGate)
        {
            _pool.BeginPacking();
            _eviction.MakeRoom(0, 0, Now, _consumers);
        }
    }

    /// <summary>A segment that is to be packed; null if there is none. Append lock.</summary>
    internal Segment? NextToPack(out BlockPool pool)
    {
        pool = _pool.Blocks;
        return Segments.Cold.Take(_pool.SegmentBytes, Segments.LastKept);
    }

    /// <summary>Has a segment hold its records packed, unless it has changed since.</summary>
    internal void Pack(Segment segment, int generation, PackedRecords packed)
    {
        lock (AppendGate)
        {
            _eviction.Pack(segment, generation, packed, _consumers);
            _eviction.MakeRoom(0, 0, Now, _consumers); // the memory that it was in may be one too many
        }
    }

    internal ulong HashOf(ReadOnlySpan<byte> sourceId) => _sources.Hash(sourceId);

    internal StreamKey StreamOf(ulong sourceHash, ReadOnlySpan<byte> instanceId, EnvelopeType type) => _stamps.KeyOf(sourceHash, instanceId, type);

    internal void Register(LogConsumer consumer)
    {
        lock (AppendGate)
        {
            _consumers.Add(consumer);
        }
    }

    internal void Unregister(LogConsumer consumer) => _consumers.Remove(consumer);

    internal void Bind(LogConsumer consumer, Subscription subscription)
    {
        _binding.Bind(subscription, _head, Segments.Oldest.PositionOf(0));
        _binding.Watch(consumer, subscription.Targets);
    }

    internal void Unbind(LogConsumer consumer, Subscription subscription, RouteTable remaining)
    {
        _binding.Unwatch(consumer, subscription.Targets, remaining);
        _binding.Unbind(subscription, _head, Segments.Oldest.PositionOf(0));
    }

    /// <summary>Puts a new subscription's reader where it asked to start. Append lock and gate.</summary>
    internal OpenedSubscription PlaceAtStart(Subscription subscription)
    {
        var request = subscription.Request;
        subscription.LivePosition = _head;
        subscription.FilterUntil = request.Start == SubscriptionStart.Since || request.ReadBefore is not null ? _head : 0;
        subscription.Seeking = request.Start == SubscriptionStart.Last;
        var (position, agedOut) = StartOf(request);
        var (segment, row) = Segments.Locate(position);
        subscription.Reader.Position = position;
        subscription.Reader.MoveTo(segment, row);
        var first = position == _head ? _head : Math.Max(position, row < segment.Count ? segment.PositionOf(row) : _head);
        return Describe(first, agedOut);
    }

    /// <summary>The position that is asked for, and whether what was there is not held any more. Append lock.</summary>
    internal (long Position, bool AgedOut) StartOf(SubscriptionRequest request)
    {
        var complete = 1 + _classes.Where(kind => Concerns(request, kind.Class)).Max(kind => (long?)kind.EvictedTo).GetValueOrDefault(); // from here on it is all there
        var lost = complete > FirstPosition;
        return request.Start switch
        {
            SubscriptionStart.Since => (0L, lost && request.Since < Segments.Locate(complete).Segment.MinTimestamp),
            SubscriptionStart.After => (Math.Min(request.After, _head), lost && request.After < complete),
            SubscriptionStart.Last => (0L, false),
            _ => (_head, false),
        };
    }

    private static bool Concerns(SubscriptionRequest request, EnvelopeClass kind) => Enum.GetValues<EnvelopeType>().Any(type =>
        RowKind.ClassOf((int)type) == kind && request.Selectors.Any(selector => selector.Concerns(type, hasOriginal: false) || selector.Concerns(type, hasOriginal: true)));

    internal OpenedSubscription Describe(long first, bool agedOut) =>
        new(first, _head, _head == FirstPosition ? 0 : Segments.Oldest.MinTimestamp, agedOut);

    /// <summary>Whether rows that the reader has not read are surely none of its own. Append lock and gate.</summary>
    internal bool HasNothingFor(LogReader reader)
    {
        var table = reader.Table;
        if (table.WantsAnySource || (!table.IsLive && _sources.Entries[SourceTable.Other].LastPosition >= reader.Position))
        {
            return reader.Position >= _head;
        }

        foreach (var ordinal in table.Sources)
        {
            if (_sources.Entries[ordinal].LastPosition >= reader.Position)
            {
                return false;
            }
        }

        return true;
    }

    private void SeeToRoom(int length, long now)
    {
        var tail = Segments.Tail;
        if (!tail.HasRoom(length))
        {
            _eviction.MakeRoom(length, 0, now, _consumers);
            Segments.Roll(length);
        }
        else if (tail.Count == tail.RowCapacity)
        {
            _eviction.MakeRoom(0, Segment.FootprintOf(0, tail.MoreRows - tail.RowCapacity), now, _consumers);
            Segments.GrowTail();
        }
    }

    private int AppendTo(Segment segment, ReadOnlySpan<byte> message, ReadOnlySpan<AppendRow> rows, long now)
    {
        var count = segment.Count;
        var at = segment.Offsets[count];
        var taken = 0;
        while (taken < rows.Length && count < segment.RowCapacity && segment.Bytes.Length - at >= rows[taken].MaxLength)
        {
            ref readonly var row = ref rows[taken];
            var length = row.Length;
            if (row.Form == AppendForm.Record)
            {
                message.Slice(row.Offset, length).CopyTo(segment.Bytes.AsSpan(at));
            }
            else
            {
                length = WriteRecord(segment.Bytes.AsSpan(at), message.Slice(row.Offset, length), row);
                message.Slice(row.Offset + row.Length, row.OriginalLength).CopyTo(segment.Bytes.AsSpan(at + length));
                length += row.OriginalLength;
            }

            at += length;
            var entry = _sources.Intern(message.Slice(row.SourceOffset, row.SourceLength), row.SourceHash);
            segment.Offsets[count + 1] = at;
            segment.Sources[count] = entry.Ordinal;
            segment.Kinds[count] = row.Kind;
            segment.MinTimestamp = Math.Min(segment.MinTimestamp, row.Timestamp);
            segment.MaxTimestamp = Math.Max(segment.MaxTimestamp, row.Timestamp);
            Note(entry, row, length, now, _head + taken);
            taken++;
            count++;
        }

        segment.Publish(count);
        Volatile.Write(ref _head, _head + taken);
        return taken;
    }

    // The number goes behind the envelope's bytes: of repeated fields the last wins.
    private int WriteRecord(Span<byte> target, ReadOnlySpan<byte> envelope, in AppendRow row)
    {
        Span<byte> stamp = stackalloc byte[Stamp.MaxLength];
        if (row.Form == AppendForm.Unnumbered)
        {
            var (epoch, sequence) = _stamps.Next(row.Stream);
            stamp = stamp[..Stamp.Write(stamp, epoch, sequence)];
        }
        else
        {
            stamp = [];
        }

        var header = Records.WriteHeader(target, envelope.Length + stamp.Length);
        envelope.CopyTo(target[header..]);
        stamp.CopyTo(target[(header + envelope.Length)..]);
        return header + envelope.Length + stamp.Length;
    }

    private void Note(SourceEntry entry, in AppendRow row, int length, long now, long position)
    {
        var kind = RowKind.ClassOf(row.Kind);
        _classes[(int)kind].Append(ref entry.Share(kind), length);
        entry.Envelopes++;
        entry.Bytes += length;
        entry.ByType[(int)RowKind.TypeOf(row.Kind)]++;
        entry.NewestTimestamp = Math.Max(entry.NewestTimestamp, row.Timestamp);
        entry.LastPosition = position;
        entry.LastAppend = now;
        if (++entry.HeldRows == 1)
        {
            _sources.RowsChanged(entry);
        }

        if (entry.Watchers is { } watchers)
        {
            foreach (var consumer in watchers)
            {
                if (!consumer.IsToBeWoken)
                {
                    consumer.IsToBeWoken = true;
                    _toWake.Add(consumer);
                }
            }
        }
    }
}
