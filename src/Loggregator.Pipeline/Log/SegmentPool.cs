namespace Loggregator.Pipeline.Log;

/// <summary>Segments of one size and position arrays, used again. Append lock. Larger segments are made as needed and left to the collector.</summary>
internal sealed class SegmentPool(int segmentBytes)
{
    private const int BytesPerRow = 96; // rows of a segment: its bytes by this; shorter envelopes fill the rows first
    private const int MaxSpare = 4;
    private readonly Stack<Segment> _segments = new(MaxSpare);
    private readonly Stack<long[]> _positions = new(MaxSpare);

    public int SegmentBytes { get; } = segmentBytes;

    public int SegmentRows { get; } = segmentBytes / BytesPerRow;

    public long StandardFootprint => Segment.FootprintOf(SegmentBytes, SegmentRows);

    public long FootprintFor(int length) => length > SegmentBytes ? Segment.FootprintOf(length, 1) : StandardFootprint;

    public Segment RentYoung(int atLeast) =>
        atLeast > SegmentBytes ? new Segment(atLeast, 1) : _segments.TryPop(out var segment) ? segment : new Segment(SegmentBytes, SegmentRows);

    public Segment RentKept(int atLeast)
    {
        var segment = RentYoung(atLeast);
        segment.Positions = segment.RowCapacity != SegmentRows ? new long[segment.RowCapacity]
            : _positions.TryPop(out var positions) ? positions
            : GC.AllocateUninitializedArray<long>(SegmentRows);
        return segment;
    }

    public void Return(Segment segment)
    {
        if (segment.Positions is { } positions && positions.Length == SegmentRows && _positions.Count < MaxSpare)
        {
            _positions.Push(positions);
        }

        segment.Retire();
        if (segment.RowCapacity == SegmentRows && _segments.Count < MaxSpare)
        {
            _segments.Push(segment);
        }
    }
}
