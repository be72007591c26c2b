namespace Loggregator.Pipeline.Log;

/// <summary>
/// Makes room by copy-forward: the oldest young segment goes, and its rows whose source holds no more than the fair level are kept. A source
/// above the level loses its oldest rows first. Runs under the append lock; consumers that may stand in what changes are held at their gates
/// meanwhile, are told what they lose and are moved to where their next row went. Lock order: append lock, then gates.
/// </summary>
internal sealed class Eviction(SegmentList segments, SegmentPool pool, SourceTable sources, WaterLevel level, long budget)
{
    /// <summary>A source that sent nothing for so long is not protected any more, in seconds.</summary>
    public const long IdleSeconds = 3600;

    private readonly List<EvictedRow> _evicted = new(1024);
    private readonly List<Segment> _retired = [];
    private readonly List<LogConsumer> _held = [];
    private long _trimAbove = budget / 2;
    private long _deadBytes; // of kept segments

    /// <summary>Rows that left the log.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows that were carried forward, times.</summary>
    public long Kept { get; private set; }

    /// <summary>Whether nothing was ever evicted; then the log holds all that it got.</summary>
    public bool Never => Rows == 0;

    /// <summary>Evicts until <paramref name="room"/> more bytes fit the budget, or nothing but the tail is left to evict.</summary>
    public void MakeRoom(long room, long now, List<LogConsumer> consumers)
    {
        while (segments.Used + room > budget && segments.OldestYoung != segments.Tail)
        {
            EvictOldest(now, consumers);
        }
    }

    private void EvictOldest(long now, List<LogConsumer> consumers)
    {
        var victim = segments.OldestYoung;
        Hold(consumers, victim.EndPosition);
        try
        {
            CarryForward(victim, now);
            if (segments.KeptUsed > _trimAbove)
            {
                TrimKept(now);
            }

            foreach (var consumer in _held)
            {
                consumer.Lose(_evicted, sources);
            }

            _retired.Add(segments.UnlinkOldestYoung());
            if (_deadBytes >= pool.SegmentBytes)
            {
                MergeSparse();
            }

            foreach (var segment in _retired)
            {
                pool.Return(segment);
            }

            foreach (var consumer in _held)
            {
                consumer.Relocate(segments);
            }
        }
        finally
        {
            foreach (var consumer in _held)
            {
                consumer.Gate.Exit();
            }

            _held.Clear();
            _evicted.Clear();
            _retired.Clear();
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

    private void CarryForward(Segment victim, long now)
    {
        var fair = level.LevelFor(budget / 2);
        var count = victim.Count;
        for (var row = 0; row < count; row++)
        {
            var entry = sources.Entries[victim.Sources[row]];
            var limit = now - entry.LastAppend > IdleSeconds ? 0 : fair;
            while (entry.HeldBytes > limit && entry.KeptBytes > 0)
            {
                EvictOldestKept(entry);
            }

            if (entry.HeldBytes > limit)
            {
                Evict(victim, row, entry);
            }
            else
            {
                Keep(victim, row, entry);
            }
        }
    }

    private void Keep(Segment victim, int row, SourceEntry entry)
    {
        var length = victim.LengthOf(row);
        var kept = segments.LastKept;
        if (kept is null || !kept.HasRoom(length))
        {
            kept = segments.AddKept(length);
        }

        kept.Keep(victim, row);
        if (entry.KeptBytes == 0)
        {
            Remember(entry, kept, victim.PositionOf(row));
        }

        entry.KeptBytes += length;
        Kept++;
    }

    private void Evict(Segment segment, int row, SourceEntry entry)
    {
        var length = segment.LengthOf(row);
        level.Change(entry.HeldBytes, entry.HeldBytes - length);
        entry.HeldBytes -= length;
        entry.Evicted++;
        Rows++;
        _evicted.Add(new EvictedRow(segment, row, segment.Kinds[row]));
        if (--entry.HeldRows == 0)
        {
            sources.RowsChanged(entry);
        }
    }

    private void EvictKept(Segment segment, int row, SourceEntry entry)
    {
        var length = segment.LengthOf(row);
        segment.LiveBytes -= length;
        segment.LiveRows--;
        entry.KeptBytes -= length;
        _deadBytes += length;
        Evict(segment, row, entry);
        segment.Kinds[row] = RowKind.Dead;
    }

    private void EvictOldestKept(SourceEntry entry)
    {
        var segment = entry.KeptSegment;
        if (segment is null || segment.Generation != entry.KeptGeneration)
        {
            segment = segments.Locate(entry.KeptFrom).Segment;
        }

        for (var row = segment.RowAt(entry.KeptFrom); ; row++)
        {
            var found = segment.Sources.AsSpan(row, segment.Count - row).IndexOf(entry.Ordinal);
            if (found < 0)
            {
                segment = segment.Next!;
                row = -1;
                continue;
            }

            row += found;
            if (segment.Kinds[row] != RowKind.Dead)
            {
                Remember(entry, segment, segment.PositionOf(row) + 1);
                EvictKept(segment, row, entry);
                return;
            }
        }
    }

    private static void Remember(SourceEntry entry, Segment segment, long position)
    {
        entry.KeptSegment = segment;
        entry.KeptGeneration = segment.Generation;
        entry.KeptFrom = position;
    }

    // When kept rows fill their half, sources above a lower level give up their oldest, so that it is done seldom.
    private void TrimKept(long now)
    {
        var fair = level.LevelFor(budget * 3 / 8);
        for (var segment = segments.Oldest; segment != segments.OldestYoung; segment = segment.Next!)
        {
            var count = segment.Count;
            for (var row = 0; row < count; row++)
            {
                if (segment.Kinds[row] != RowKind.Dead)
                {
                    var entry = sources.Entries[segment.Sources[row]];
                    if (entry.HeldBytes > fair || now - entry.LastAppend > IdleSeconds)
                    {
                        EvictKept(segment, row, entry);
                    }
                }
            }
        }

        _trimAbove = Math.Max(budget / 2, segments.KeptUsed - _deadBytes + (budget / 16));
    }

    private void MergeSparse()
    {
        Segment? previous = null;
        var segment = segments.Oldest;
        while (segment != segments.OldestYoung)
        {
            var next = segment.Next!;
            if (segment.LiveRows == 0)
            {
                segments.UnlinkKept(previous, segment);
                Discard(segment);
            }
            else if (next != segments.OldestYoung && segment.LiveBytes + next.LiveBytes <= pool.SegmentBytes
                && segment.LiveRows + next.LiveRows <= pool.SegmentRows)
            {
                var merged = pool.RentKept(0);
                CopyLive(segment, merged);
                CopyLive(next, merged);
                segments.ReplaceKept(previous, segment, next, merged);
                Discard(segment);
                Discard(next);
                segment = merged; // it may take the next one too
                continue;
            }
            else
            {
                previous = segment;
            }

            segment = next;
        }
    }

    private static void CopyLive(Segment from, Segment to)
    {
        var count = from.Count;
        for (var row = 0; row < count; row++)
        {
            if (from.Kinds[row] != RowKind.Dead)
            {
                to.Keep(from, row);
            }
        }
    }

    private void Discard(Segment segment)
    {
        _deadBytes -= segment.ByteCount - segment.LiveBytes;
        _retired.Add(segment);
    }
}
