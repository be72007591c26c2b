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
        Used = Tail.Footprint;
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

    /// <summary>Of <see cref="Used"/>, that of kept segments.</summary>
    public long KeptUsed { get; private set; }

    /// <summary>Seals the tail and puts an empty one behind it.</summary>
    public Segment Roll(int atLeast)
    {
        var segment = _pool.RentYoung(atLeast);
        segment.FirstPosition = Tail.EndPosition;
        Used += segment.Footprint;
        Tail.Next = segment;
        Tail = segment;
        return segment;
    }

    /// <summary>Puts an empty kept segment between the last kept and the oldest young one.</summary>
    public Segment AddKept(int atLeast)
    {
        var segment = _pool.RentKept(atLeast);
        segment.Next = OldestYoung;
        Used += segment.Footprint;
        KeptUsed += segment.Footprint;
        if (LastKept is { } last)
        {
            last.Next = segment;
        }
        else
        {
            Oldest = segment;
        }

        LastKept = segment;
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

        Used -= segment.Footprint;
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

        Used -= segment.Footprint;
        KeptUsed -= segment.Footprint;
    }

    /// <summary>Puts <paramref name="merged"/> where two neighbouring kept segments are; their memory is the caller's.</summary>
    public void ReplaceKept(Segment? previous, Segment first, Segment second, Segment merged)
    {
        merged.Next = second.Next;
        if (previous is null)
        {
            Oldest = merged;
        }
        else
        {
            previous.Next = merged;
        }

        if (LastKept == second)
        {
            LastKept = merged;
        }

        var growth = merged.Footprint - first.Footprint - second.Footprint;
        Used += growth;
        KeptUsed += growth;
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
}
