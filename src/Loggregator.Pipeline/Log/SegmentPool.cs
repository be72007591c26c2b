namespace Loggregator.Pipeline.Log;

/// <summary>
/// Segments of one size and position arrays, used again: left to the collector they would take as much memory again. Append lock. Larger
/// segments are made as needed. Rows are allotted by the length of the records so far, so that neither short nor long ones leave much unused.
/// </summary>
internal sealed class SegmentPool
{
    private const int MaxSparePositions = 16, MaxSpareRows = 8, MinBytesPerRow = 12;
    private readonly Stack<Segment> _segments = new();
    private readonly Stack<byte[]> _bytes = new(); // of segments that were packed
    private readonly Stack<Segment> _rows = new(MaxSpareRows); // segments that were packed, without memory for records
    private readonly Stack<long[]> _positions = new(MaxSparePositions);
    private int _bytesPerRow = 192;
    private long _spareBytes;

    /// <summary>Whether there may be packed records. Unused blocks for them are counted as many as there may be.</summary>
    public bool IsPacking { get; private set; }

    /// <summary>Memory of packed records.</summary>
    public BlockPool Blocks { get; } = new();

    /// <summary>Bytes of a segment's records.</summary>
    public int SegmentBytes { get; private set; }

    private int ExpectedRows => (SegmentBytes / _bytesPerRow * 17 / 16) + 16;

    /// <summary>Segments are from now on so large that a log of that budget has many.</summary>
    public void SizeFor(long budget)
    {
        SegmentBytes = (int)Math.Clamp(budget / 64, 4 * 1024, 1024 * 1024);
        _segments.Clear();
        _bytes.Clear();
        _rows.Clear();
        _spareBytes = 0;
        Blocks.SizeFor(IsPacking ? SegmentBytes / 2 : 0);
    }

    /// <summary>Memory of segments that are not in use.</summary>
    public long SpareBytes => _spareBytes + Blocks.MaxSpareBytes;

    /// <summary>There may be packed records from now on.</summary>
    public void BeginPacking()
    {
        IsPacking = true;
        Blocks.SizeFor(SegmentBytes / 2);
    }

    /// <summary>Leaves an unused segment to the collector.</summary>
    public void DropSpare() => _spareBytes -= _bytes.TryPop(out var bytes) ? bytes.Length : _segments.Pop().Footprint;

    /// <summary>Segments that are not in use.</summary>
    public int Spare => _segments.Count + _bytes.Count;

    /// <summary>Memory of a segment for a record of that length.</summary>
    public long FootprintFor(int length) =>
        length > SegmentBytes ? Segment.FootprintOf(length, 1) : Segment.FootprintOf(SegmentBytes, ExpectedRows * 5 / 4);

    /// <summary>What rows of a segment may take beyond those of the segment that is used again for it; all of them where only memory for records is.</summary>
    public long RowSlack => Segment.FootprintOf(0, ExpectedRows) + (_bytes.Count * Segment.FootprintOf(0, ExpectedRows * 5 / 4));

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
            return new Segment(GC.AllocateUninitializedArray<byte>(atLeast), 1);
        }

        var rows = ExpectedRows;
        if (!_segments.TryPop(out var segment) && !_rows.TryPop(out segment))
        {
            return new Segment(RentBytes(), rows);
        }

        _spareBytes -= segment.Footprint;
        if (segment.Bytes.Length == 0)
        {
            segment.Equip(RentBytes());
        }

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

    /// <summary>A kept segment for just so much.</summary>
    public static Segment MakeKept(int bytes, int rows) =>
        new(GC.AllocateUninitializedArray<byte>(bytes), rows) { Positions = GC.AllocateUninitializedArray<long>(rows) };

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
        var spare = segment.Bytes.Length == SegmentBytes ? _segments : segment.Bytes.Length == 0 && _rows.Count < MaxSpareRows ? _rows : null;
        if (spare is not null)
        {
            spare.Push(segment);
            _spareBytes += segment.Footprint;
        }
    }

    /// <summary>Takes what held the records of a segment that was packed.</summary>
    public void Return(byte[] bytes)
    {
        if (bytes.Length == SegmentBytes)
        {
            _bytes.Push(bytes);
            _spareBytes += bytes.Length;
        }
    }

    private byte[] RentBytes()
    {
        if (!_bytes.TryPop(out var bytes))
        {
            return GC.AllocateUninitializedArray<byte>(SegmentBytes);
        }

        _spareBytes -= bytes.Length;
        return bytes;
    }
}
