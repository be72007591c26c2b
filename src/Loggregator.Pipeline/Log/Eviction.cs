using System.Runtime.InteropServices;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Makes room by copy-forward: the oldest young segment goes, and of its rows those are kept whose class is within its guaranteed part of the
/// budget, or whose source holds no more than the fair level of the class. A source above the level loses its oldest rows first: kept ones when
/// a pass over the kept segments comes by, then young ones. Runs under the append lock; consumers that may stand in what changes are held at
/// their gates meanwhile, are told what they lose and are moved to where their next row went. Lock order: append lock, then gates. What packed segments
/// save counts as more budget, so that levels and guarantees are those of a log as large as what is held would be.
/// </summary>
internal sealed class Eviction(SegmentList segments, SegmentPool pool, SourceTable sources, ClassBudget[] classes)
{
    /// <summary>A source that sent nothing for so long is not protected any more, in seconds.</summary>
    public const long IdleSeconds = 3600;

    private const int SegmentsAtATime = 8; // of kept ones that a pass looks at for each young one that goes
    private readonly Compaction _compaction = new(segments, pool);
    private readonly List<EvictedRow> _evicted = new(1024);
    private readonly List<Segment> _retired = [];
    private readonly List<LogConsumer> _held = [];

    /// <summary>What all segments may take.</summary>
    public long Budget { get; set; }

    /// <summary>Rows that left the log.</summary>
    public long Rows => classes[0].EvictedRows + classes[1].EvictedRows;

    /// <summary>
    /// Evicts until the budget has room for the segment of a record of that length, or for so many more bytes, or nothing but the tail is left to evict.
    /// </summary>
    public void MakeRoom(int length, long bytes, long now, List<LogConsumer> consumers)
    {
        while (IsOver(length, bytes))
        {
            if (pool.Spare > Wanted(length))
            {
                pool.DropSpare();
                continue;
            }

            if (Compact(consumers))
            {
                continue;
            }

            ShareSaved();
            if (segments.OldestYoung == segments.Tail)
            {
                break;
            }

            EvictOldest(now, consumers);
        }

        // Rows as large as segments may leave so much unused that not even the guaranteed parts fit.
        for (var shift = 1; IsOver(length, bytes) && segments.LastKept is not null && shift < 40; shift++)
        {
            Squeeze(shift, now, consumers);
        }
    }

    /// <summary>Evicts all but the tail.</summary>
    public void DropAll(long now, List<LogConsumer> consumers)
    {
        var budget = Budget;
        Budget = 0;
        MakeRoom(0, 0, now, consumers);
        Budget = budget;
    }

    /// <summary>Has a segment hold its records packed, unless it has changed since they were copied.</summary>
    public void Pack(Segment segment, int generation, PackedRecords packed, List<LogConsumer> consumers)
    {
        if (segment.Generation != generation || segment.Count != packed.Rows || segment == segments.LastKept)
        {
            packed.Release();
            return;
        }

        Hold(consumers, segment.EndPosition);
        try
        {
            pool.Return(segments.Pack(segment, packed));
        }
        finally
        {
            Release();
        }
    }

    private long Used => segments.Used + pool.SpareBytes;

    private void ShareSaved()
    {
        var saved = Math.Max(segments.Saved, 0);
        var budget = (double)(classes[0].Budget + classes[1].Budget);
        foreach (var kind in classes)
        {
            kind.Saved = (long)(saved * (kind.Budget / budget));
        }
    }

    private bool IsOver(int length, long bytes)
    {
        var large = length > pool.SegmentBytes ? pool.FootprintFor(length) : 0;
        return Used + bytes + large + pool.RowSlack + (Math.Max(Wanted(length) - pool.Spare, 0) * pool.FootprintFor(0)) > Budget;
    }

    // Unused segments: one to be appended to, and one to copy to, so that none is made while another one is left to the collector.
    private int Wanted(int length) => length > 0 && length <= pool.SegmentBytes ? 2 : 1;

    private void EvictOldest(long now, List<LogConsumer> consumers)
    {
        var victim = segments.OldestYoung;
        Hold(consumers, victim.EndPosition);
        try
        {
            var adopted = CarryForward(victim, now, IsWholeWorthKeeping(victim, now));
            foreach (var kind in classes)
            {
                if (kind.WantsPass())
                {
                    Trim(kind, now, SegmentsAtATime);
                }
            }

            Tell();
            if (!adopted)
            {
                _retired.Add(segments.UnlinkOldestYoung());
            }

            Resettle();
        }
        finally
        {
            Release();
        }
    }

    private void Squeeze(int shift, long now, List<LogConsumer> consumers)
    {
        Hold(consumers, segments.LastKept!.EndPosition);
        try
        {
            foreach (var kind in classes)
            {
                kind.BeginPass();
                var level = kind.Level.LevelFor(kind.Whole >> shift);
                for (var segment = segments.Oldest; segment != segments.OldestYoung; segment = segment.Next!)
                {
                    TrimSegment(kind, segment, 0, level, now, whileOver: false);
                }

                kind.EndPass();
            }

            Tell();
        }
        finally
        {
            Release();
        }

        while (Compact(consumers))
        {
        }
    }

    private bool Compact(List<LogConsumer> consumers)
    {
        if (segments.LastKept is not { } last)
        {
            return false;
        }

        Hold(consumers, last.EndPosition);
        try
        {
            var any = _compaction.Run();
            Resettle();
            return any;
        }
        finally
        {
            Release();
        }
    }

    // A consumer that has read everything up to and including the victim may still have its cursor at the victim's end.
    private void Hold(List<LogConsumer> consumers, long end)
    {
        foreach (var consumer in consumers)
        {
            if (consumer.Lowest <= end)
            {
                consumer.Gate.Enter();
                _held.Add(consumer);
            }
        }
    }

    private void Tell()
    {
        foreach (var consumer in _held)
        {
            consumer.Lose(_evicted, sources);
        }

        Segment? swept = null;
        foreach (var (segment, _, _) in CollectionsMarshal.AsSpan(_evicted))
        {
            if (segment != swept)
            {
                segment.Packed?.Sweep();
                swept = segment;
            }
        }
    }

    private void Resettle()
    {
        foreach (var segment in _retired)
        {
            pool.Return(segment);
        }

        foreach (var consumer in _held)
        {
            consumer.Relocate(segments);
        }
    }

    private void Release()
    {
        foreach (var consumer in _held)
        {
            consumer.Gate.Exit();
        }

        _held.Clear();
        _evicted.Clear();
        _retired.Clear();
    }

    // Nothing of it would go: then it need not be copied.
    private bool IsWholeWorthKeeping(Segment victim, long now)
    {
        if (victim.Packed is not null || victim.ByteCount < pool.SegmentBytes / 8 * 7)
        {
            return false;
        }

        Span<long> limits = [LimitOf(classes[0]), LimitOf(classes[1])];
        var count = victim.Count;
        for (var row = 0; row < count; row++)
        {
            var kind = (int)RowKind.ClassOf(victim.Kinds[row]);
            if (limits[kind] < long.MaxValue && Goes(limits[kind], sources.Entries[victim.Sources[row]], kind, now))
            {
                return false;
            }
        }

        return true;
    }

    // Rows of a packed segment stay where they are as long as that takes less memory than they would elsewhere. Returns whether the segment stays.
    private bool CarryForward(Segment victim, long now, bool adopted)
    {
        var packed = victim.Packed is not null;
        Span<long> limits = [LimitOf(classes[0]), LimitOf(classes[1])];
        var count = victim.Count;
        for (var row = 0; row < count; row++)
        {
            var kind = classes[(int)RowKind.ClassOf(victim.Kinds[row])];
            var entry = sources.Entries[victim.Sources[row]];
            if (!adopted && limits[(int)kind.Class] < long.MaxValue && kind.IsOver && Goes(limits[(int)kind.Class], entry, (int)kind.Class, now))
            {
                Evict(kind, victim, row, entry);
                if (packed)
                {
                    segments.Kill(victim, row);
                }

                continue;
            }

            kind.CountKept(ref entry.Share(kind.Class), victim.LengthOf(row), 1);
            if (!adopted && !packed)
            {
                segments.Keep(victim, row);
            }
        }

        adopted |= packed && victim.Saved > (victim.Count - victim.LiveRows) * sizeof(long); // the positions of dead rows come on top
        if (adopted)
        {
            segments.AdoptOldestYoung();
        }
        else if (packed)
        {
            KeepLive(victim);
        }

        return adopted;
    }

    private void KeepLive(Segment victim)
    {
        var count = victim.Count;
        for (var row = 0; row < count; row++)
        {
            if (victim.Kinds[row] != RowKind.Dead)
            {
                segments.Keep(victim, row);
            }
        }
    }

    private static long LimitOf(ClassBudget kind) => kind.IsOver ? kind.Fair : long.MaxValue;

    // What is kept of a source is older: that goes first.
    private static bool Goes(long limit, SourceEntry entry, int kind, long now)
    {
        ref var share = ref entry.Share((EnvelopeClass)kind);
        return share.KeptRows == 0 && (share.Charge > limit || IsIdle(entry, now));
    }

    private static bool IsIdle(SourceEntry entry, long now) => now - entry.LastAppend > IdleSeconds;

    private void Evict(ClassBudget kind, Segment segment, int row, SourceEntry entry)
    {
        kind.Evict(ref entry.Share(kind.Class), segment.LengthOf(row), segment.PositionOf(row));
        _evicted.Add(new EvictedRow(segment, row, segment.Kinds[row]));
        if (--entry.HeldRows == 0)
        {
            sources.RowsChanged(entry);
        }
    }

    // A pass goes from the oldest kept row to the newest, some segments at a time, while the class holds more than is guaranteed to it.
    private void Trim(ClassBudget kind, long now, int atMost)
    {
        var level = kind.Fair;
        var segment = segments.Locate(kind.PassFrom).Segment;
        for (; atMost > 0 && kind.IsOver && segment.Positions is not null; atMost--)
        {
            kind.PassFrom = TrimSegment(kind, segment, segment.RowAt(kind.PassFrom), level, now, whileOver: true);
            segment = kind.IsOver ? segment.Next! : segment;
        }

        if (segment.Positions is null)
        {
            kind.EndPass();
        }
    }

    /// <summary>Evicts rows of sources above the level. Returns the position behind the last row that was looked at.</summary>
    private long TrimSegment(ClassBudget kind, Segment segment, int row, long level, long now, bool whileOver)
    {
        var count = segment.Count;
        for (; row < count; row++)
        {
            if (segment.Kinds[row] == RowKind.Dead || RowKind.ClassOf(segment.Kinds[row]) != kind.Class)
            {
                continue;
            }

            var entry = sources.Entries[segment.Sources[row]];
            ref var share = ref entry.Share(kind.Class);
            if (share.SparedIn == kind.Pass)
            {
                continue;
            }

            if (share.Charge <= level && !IsIdle(entry, now))
            {
                share.SparedIn = kind.Pass;
                continue;
            }

            var length = segment.LengthOf(row);
            kind.CountKept(ref share, length, -1);
            Evict(kind, segment, row, entry);
            segments.Kill(segment, row);
            if (whileOver && !kind.IsOver)
            {
                return segment.PositionOf(row) + 1;
            }
        }

        return segment.EndPosition;
    }
}
