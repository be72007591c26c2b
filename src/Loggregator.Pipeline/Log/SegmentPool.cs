namespace Loggregator.Pipeline.Log;

/// <summary>
/// Segments of one size and position arrays, used again: left to the collector they would take as much memory again. Append lock. Larger
/// segments are made as needed. Rows are allotted by the length of the records so far, so that neither short nor long ones leave much unused.
/// </summary>
internal sealed class SegmentPool
{
    private const int MaxSparePositions = 16, MinBytesPerRow = 12;
    private readonly Stack<Segment> _segments = new();
    private readonly Stack<long[]> _positions = new(MaxSparePositions);
    private int _bytesPerRow = 192;

    /// <summary>Bytes of a segment's records.</summary>
    public int SegmentBytes { get; private set; }

    private int ExpectedRows => (SegmentBytes / _bytesPerRow * 17 / 16) + 16;

    /// <summary>Segments are from now on so large that a log of that budget has many.</summary>
    public void SizeFor(long budget)
    {
        SegmentBytes = (int)Math.Clamp(budget / 64, 4 * 1024, 1024 * 1024);
        _segments.Clear();
        SpareBytes = 0;
    }

    /// <summary>Memory of segments that are not in use.</summary>
    public long SpareBytes { get; private set; }

    /// <summary>Leaves an unused segment to the collector.</summary>
    public void DropSpare() => SpareBytes -= _segments.Pop().Footprint;

    /// <summary>Segments that are not in use.</summary>
    public int Spare => _segments.Count;

    /// <summary>Memory of a segment for a record of that length.</summary>
    public long FootprintFor(int length) =>
        length > SegmentBytes ? Segment.FootprintOf(length, 1) : Segment.FootprintOf(SegmentBytes, ExpectedRows * 5 / 4);

    /// <summary>What rows of a segment may take beyond those of the segment that is used again for it.</summary>
    public long RowSlack => Segment.FootprintOf(0, ExpectedRows);

    /// <summary>Takes note of how many rows a full segment has.</summary>
    public void Learn(Segment full)
    {
        if (full.Count > 0 && full.Bytes.Length == SegmentBytes)
        {
            _bytesPerRow = Math.Max(((_bytesPerRow * 3) + (full.ByteCount / full.Count)) / 4, MinBytesPerRow);
        }
    }

    public Segment RentYoung(int atLeast)
    {
        if (atLeast > SegmentBytes)
        {
            return new Segment(atLeast, 1);
        }

        var rows = ExpectedRows;
        if (!_segments.TryPop(out var segment))
        {
            return new Segment(SegmentBytes, rows);
        }

        SpareBytes -= segment.Footprint;
        if (segment.RowCapacity < rows * 15 / 16 || segment.RowCapacity > rows * 5 / 4)
        {
            segment.SetRowCapacity(rows);
        }

        return segment;
    }

    public Segment RentKept(int atLeast)
    {
        var segment = RentYoung(atLeast);
        segment.Positions = RentPositions(segment.RowCapacity);
        return segment;
    }

    /// <summary>An array for the positions of so many rows.</summary>
    public long[] RentPositions(int rows) =>
        _positions.TryPop(out var positions) && positions.Length >= rows && positions.Length <= rows * 5 / 4 ? positions : GC.AllocateUninitializedArray<long>(rows);

    public void Return(Segment segment)
    {
        if (segment.Positions is { } positions && _positions.Count < MaxSparePositions)
        {
            _positions.Push(positions);
        }

        segment.Retire();
        if (segment.Bytes.Length == SegmentBytes)
        {
            _segments.Push(segment);
            SpareBytes += segment.Footprint;
        }
    }
}
