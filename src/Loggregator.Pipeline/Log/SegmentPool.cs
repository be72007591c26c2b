namespace Loggregator.Pipeline.Log;

/// <summary>
/// Segments of one size and position arrays, used again. Append lock. Larger segments are made as needed and left to the collector. Rows are
/// allotted by the length of the records so far, so that neither short nor long ones leave much unused.
/// </summary>
internal sealed class SegmentPool(int segmentBytes)
{
    private const int MaxSpare = 4, MinBytesPerRow = 12;
    private readonly Stack<Segment> _segments = new(MaxSpare);
    private readonly Stack<long[]> _positions = new(MaxSpare);
    private int _bytesPerRow = 192;

    public int SegmentBytes { get; } = segmentBytes;

    private int ExpectedRows => (SegmentBytes / _bytesPerRow * 17 / 16) + 16;

    /// <summary>Memory of a segment for a record of that length.</summary>
    public long FootprintFor(int length) => length > SegmentBytes ? Segment.FootprintOf(length, 1) : Segment.FootprintOf(SegmentBytes, ExpectedRows * 3 / 2);

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

        if (segment.RowCapacity < rows || segment.RowCapacity > rows * 3 / 2)
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
        _positions.TryPop(out var positions) && positions.Length == rows ? positions : GC.AllocateUninitializedArray<long>(rows);

    public void Return(Segment segment)
    {
        if (segment.Positions is { } positions && _positions.Count < MaxSpare)
        {
            _positions.Push(positions);
        }

        segment.Retire();
        if (segment.Bytes.Length == SegmentBytes && _segments.Count < MaxSpare)
        {
            _segments.Push(segment);
        }
    }
}
