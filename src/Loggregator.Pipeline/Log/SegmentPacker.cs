namespace Loggregator.Pipeline.Log;

/// <summary>
/// Packs the cold segments of a log. Appends and readers wait only while a segment is copied, and while the result takes its place. One thread at a time.
/// </summary>
internal sealed class SegmentPacker : IDisposable
{
    private const int MaxBlockBytes = 16 * 1024, MinBlockBytes = 512, BlocksOfSegment = 64;
    private readonly EnvelopeLog _log;
    private readonly RecordCodec _codec;
    private readonly LogConsumer _guard;
    private byte[] _bytes = [], _block = [], _packed = [];
    private int[] _offsets = [];
    private ulong[] _order = []; // class, source and number of each live row
    private int _rows, _live, _memory;

    public SegmentPacker(EnvelopeLog log, RecordCodec codec)
    {
        (_log, _codec) = (log, codec);
        log.BeginPacking();
        _guard = new LogConsumer(log, new DeliveryCounters());
        _guard.HoldEverything();
    }

    /// <summary>Packs one segment. False when there was none.</summary>
    public bool PackNext()
    {
        Segment? segment;
        int generation;
        BlockPool pool;
        lock (_log.AppendGate)
        {
            segment = _log.NextToPack(out pool);
            if (segment is null)
            {
                return false;
            }

            generation = segment.Generation;
        }

        lock (_guard.Gate)
        {
            if (segment.Generation != generation)
            {
                return true;
            }

            Copy(segment);
        }

        if (Pack(pool) is { } packed)
        {
            _log.Pack(segment, generation, packed);
        }

        return true;
    }

    public void Dispose() => _guard.Dispose();

    private void Copy(Segment segment)
    {
        (_rows, _live, _memory) = (segment.Count, 0, segment.Bytes.Length);
        Fit(ref _bytes, segment.ByteCount);
        Fit(ref _offsets, _rows + 1);
        Fit(ref _order, _rows);
        segment.Bytes.AsSpan(0, segment.ByteCount).CopyTo(_bytes);
        segment.Offsets.AsSpan(0, _rows + 1).CopyTo(_offsets);
        for (var row = 0; row < _rows; row++)
        {
            if (segment.Kinds[row] != RowKind.Dead)
            {
                _order[_live++] = ((ulong)RowKind.ClassOf(segment.Kinds[row]) << 63) | ((ulong)segment.Sources[row] << 32) | (uint)row;
            }
        }
    }

    // Null when too little is gained.
    private PackedRecords? Pack(BlockPool pool)
    {
        Array.Sort(_order, 0, _live);
        var blockBytes = Math.Clamp(_offsets[_rows] / BlocksOfSegment, MinBlockBytes, MaxBlockBytes);
        var blocks = new List<PackedRecords.Block>();
        var blockOf = new byte[_rows];
        Array.Fill(blockOf, PackedRecords.NoBlock);
        for (int from = 0, to; from < _live; from = to)
        {
            to = EndOfBlock(from, blockBytes);
            foreach (var key in _order.AsSpan(from, to - from))
            {
                blockOf[(uint)key] = (byte)blocks.Count;
            }

            blocks.Add(PackBlock(from, to, pool));
        }

        var packed = new PackedRecords(_codec, pool, blockOf, [.. blocks]);
        if (packed.Footprint <= _memory / 8 * 7 && blocks.Count < PackedRecords.NoBlock)
        {
            return packed;
        }

        packed.Release();
        return null;
    }

    private int EndOfBlock(int from, int blockBytes)
    {
        var to = from;
        var length = 0;
        do
        {
            length += LengthOf(_order[to++]);
        }
        while (to < _live && length + LengthOf(_order[to]) <= blockBytes && (_order[to] >> 63) == (_order[from] >> 63));

        return to;
    }

    // Within a block the rows are in the order of their numbers, so that nothing but the block of each has to be known.
    private PackedRecords.Block PackBlock(int from, int to, BlockPool pool)
    {
        var keys = _order.AsSpan(from, to - from);
        foreach (ref var key in keys)
        {
            key = (uint)key;
        }

        keys.Sort();
        var length = 0;
        foreach (var row in keys)
        {
            var bytes = LengthOf(row);
            Fit(ref _block, length + bytes);
            _bytes.AsSpan(_offsets[row], bytes).CopyTo(_block.AsSpan(length));
            length += bytes;
        }

        Fit(ref _packed, _codec.MaxPackedBytes(length));
        var packedLength = _codec.Pack(_block.AsSpan(0, length), _packed);
        var block = pool.Rent(packedLength);
        _packed.AsSpan(0, packedLength).CopyTo(block);
        return new PackedRecords.Block { Bytes = block, PackedLength = packedLength, Length = length, LiveRows = keys.Length };
    }

    private int LengthOf(ulong key) => _offsets[(uint)key + 1] - _offsets[(uint)key];

    private static void Fit<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            Array.Resize(ref array, Math.Max(length, Math.Min(array.Length * 2, 1024 * 1024)));
        }
    }
}
