namespace Loggregator.Pipeline.Log;

/// <summary>
/// The segments by ascending position: kept ones, then young ones. Append lock; readers follow <see cref="Segment.Next"/> from a segment that
/// their gate protects.
/// </summary>
internal sealed class SegmentList
{
    private readonly SegmentPool _pool;

    public SegmentList(SegmentPool pool)
    {
        _pool = pool;
        Oldest = OldestYoung = Tail = pool.RentYoung(0);
        Tail.FirstPosition = EnvelopeLog.FirstPosition;
        Count(Tail);
    }

    /// <summary>First of all.</summary>
    public Segment Oldest { get; private set; }

    /// <summary>First of those that hold every position.</summary>
    public Segment OldestYoung { get; private set; }

    /// <summary>Last of those that eviction filled; null if there is none.</summary>
    public Segment? LastKept { get; private set; }

    /// <summary>The one that is appended to.</summary>
    public Segment Tail { get; private set; }

    /// <summary>Memory of all segments in the list, rows included.</summary>
    public long Used { get; private set; }

    /// <summary>Of <see cref="Used"/>, that of packed records.</summary>
    public long PackedBytes { get; private set; }

    /// <summary>What the records that are packed, and live, were.</summary>
    public long OriginalBytes { get; private set; }

    /// <summary>How much more memory the rows of packed segments would take otherwise.</summary>
    public long Saved { get; private set; }

    /// <summary>Those that may be packed.</summary>
    public ColdSegments Cold { get; } = new();

    /// <summary>Seals the tail and puts an empty one behind it.</summary>
    public Segment Roll(int atLeast)
    {
        _pool.Learn(Tail);
        Discount(Tail);
        Tail.Fit();
        Count(Tail);
        var segment = _pool.RentYoung(atLeast);
        segment.FirstPosition = Tail.EndPosition;
        Count(segment);
        Tail.Next = segment;
        Cold.Seal(Tail);
        Tail = segment;
        return segment;
    }

    /// <summary>Takes the oldest young segment out; its memory is the caller's.</summary>
    public Segment UnlinkOldestYoung()
    {
        var segment = OldestYoung;
        OldestYoung = segment.Next!;
        if (LastKept is { } last)
        {
            last.Next = OldestYoung;
        }
        else
        {
            Oldest = OldestYoung;
        }

        Discount(segment);
        return segment;
    }

    /// <summary>Takes a kept segment out.</summary>
    /// <param name="previous">The one before it; null if it is the first.</param>
    /// <param name="segment">The segment; its memory is the caller's.</param>
    public void UnlinkKept(Segment? previous, Segment segment)
    {
        if (previous is null)
        {
            Oldest = segment.Next!;
        }
        else
        {
            previous.Next = segment.Next;
        }

        if (LastKept == segment)
        {
            LastKept = previous;
        }

        Discount(segment);
    }

    /// <summary>Memory of a kept segment of those that <see cref="ReplaceKept"/> will take out is the caller's.</summary>
    public void Discount(Segment segment)
    {
        Used -= segment.Footprint;
        if (segment.Packed is { } packed)
        {
            Saved -= segment.Saved;
            PackedBytes -= packed.Footprint;
            OriginalBytes -= segment.LiveBytes;
        }
    }

    /// <summary>Puts a chain of kept segments where another one is, which has not the last of them.</summary>
    /// <param name="previous">The segment before them; null if there is none.</param>
    /// <param name="next">The segment behind them.</param>
    /// <param name="newFirst">The first that comes.</param>
    /// <param name="newLast">The last that comes.</param>
    public void ReplaceKept(Segment? previous, Segment next, Segment newFirst, Segment newLast)
    {
        newLast.Next = next;
        if (previous is null)
        {
            Oldest = newFirst;
        }
        else
        {
            previous.Next = newFirst;
        }

        for (var segment = newFirst; segment != next; segment = segment.Next!)
        {
            Count(segment);
            Cold.Add(segment);
        }
    }

    /// <summary>Copies a row to the end of the kept ones.</summary>
    public void Keep(Segment from, int row)
    {
        var kept = LastKept is { } last && last.HasRoom(from.LengthOf(row)) ? last : AddKept(from.LengthOf(row));
        Discount(kept);
        kept.Keep(from, row);
        Count(kept);
    }

    /// <summary>Gives a row of a kept or packed segment up.</summary>
    public void Kill(Segment segment, int row)
    {
        Discount(segment);
        segment.Kill(row);
        Count(segment);
    }

    /// <summary>Has a segment hold its records packed. Returns what held them.</summary>
    public byte[] Pack(Segment segment, PackedRecords packed)
    {
        Discount(segment);
        var bytes = segment.Pack(packed);
        Count(segment);
        return bytes;
    }

    /// <summary>Makes the oldest young segment the last kept one, as it is.</summary>
    public void AdoptOldestYoung()
    {
        var segment = UnlinkOldestYoung();
        segment.Adopt(_pool.RentPositions(segment.RowCapacity));
        LinkKept(segment);
    }

    /// <summary>Gives the tail room for more rows.</summary>
    public void GrowTail()
    {
        Discount(Tail);
        Tail.SetRowCapacity(Tail.MoreRows);
        Count(Tail);
    }

    /// <summary>Those that have rows, with the generation that makes them valid.</summary>
    public List<(Segment Segment, int Generation)> List()
    {
        List<(Segment, int)> listed = [];
        for (var segment = Oldest; segment is not null; segment = segment.Next)
        {
            if (segment.Count > 0)
            {
                listed.Add((segment, segment.Generation));
            }
        }

        return listed;
    }

    /// <summary>The position of the oldest row of a class, of which there is one.</summary>
    public long OldestOf(EnvelopeClass kind)
    {
        var segment = Oldest;
        int row;
        while ((row = segment.Kinds.AsSpan(0, segment.Count).IndexOfAny(RowKind.Of(kind))) < 0)
        {
            segment = segment.Next!;
        }

        return segment.PositionOf(row);
    }

    /// <summary>Bytes of the segments from the one on that a position is in.</summary>
    public long BytesFrom(long position)
    {
        var bytes = 0L;
        for (var segment = Locate(position).Segment; segment is not null; segment = segment.Next)
        {
            bytes += segment.ByteCount;
        }

        return bytes;
    }

    /// <summary>The row at or behind <paramref name="position"/>, or the place where the next row will be.</summary>
    public (Segment Segment, int Row) Locate(long position)
    {
        var segment = Oldest;
        while (segment.Next is { } next && segment.EndPosition <= position)
        {
            segment = next;
        }

        return (segment, segment.RowAt(position));
    }

    // Between packed segments it would never be compacted with others.
    private void ShrinkUnfilled(Segment segment)
    {
        if (_pool.IsPacking && segment.Packed is null && segment.Bytes.Length - segment.ByteCount > _pool.SegmentBytes / 4)
        {
            Discount(segment);
            _pool.Return(segment.Shrink());
            Count(segment);
        }
    }

    private void Count(Segment segment)
    {
        Used += segment.Footprint;
        if (segment.Packed is { } packed)
        {
            Saved += segment.Saved;
            PackedBytes += packed.Footprint;
            OriginalBytes += segment.LiveBytes;
        }
    }

    private Segment AddKept(int atLeast)
    {
        if (LastKept is { } full)
        {
            Discount(full);
            full.Fit();
            Count(full);
        }

        var segment = _pool.RentKept(atLeast);
        LinkKept(segment);
        return segment;
    }

    private void LinkKept(Segment segment)
    {
        segment.Next = OldestYoung;
        Count(segment);
        if (LastKept is { } last)
        {
            last.Next = segment;
            ShrinkUnfilled(last);
            Cold.Add(last);
        }
        else
        {
            Oldest = segment;
        }

        LastKept = segment;
    }
}
