using System.Diagnostics.CodeAnalysis;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// The records of one segment, packed in blocks of whole rows of one class and of sources next to each other, so that what is read or evicted together is
/// unpacked or freed together. Changed under the append lock and the gates of all who may read it; read under either. Each thread has one segment's
/// worth of memory for what it unpacked last, and unpacks a block once for as long as it reads the same segment.
/// </summary>
internal sealed class PackedRecords
{
    /// <summary>More blocks than a segment can have; of rows that are in none.</summary>
    public const byte NoBlock = byte.MaxValue;

    private static long _lastId;

    [ThreadStatic]
    private static Unpacked? _unpacked;

    private readonly long _id = Interlocked.Increment(ref _lastId);
    private readonly RecordCodec _codec;
    private readonly BlockPool _pool;
    private readonly byte[] _blockOf;
    private readonly Block[] _blocks;
    private bool _hasEmptied;

    /// <summary>Packed records.</summary>
    /// <param name="codec">What packed them.</param>
    /// <param name="pool">Where the blocks' memory goes.</param>
    /// <param name="blockOf">The block of each row, or <see cref="NoBlock"/>.</param>
    /// <param name="blocks">The blocks; each has its rows by ascending number.</param>
    public PackedRecords(RecordCodec codec, BlockPool pool, byte[] blockOf, Block[] blocks)
    {
        (_codec, _pool, _blockOf, _blocks) = (codec, pool, blockOf, blocks);
        Footprint = blockOf.Length + blocks.Sum(block => block.Footprint);
    }

    /// <summary>Memory that it takes, blocks without live rows left out.</summary>
    public long Footprint { get; private set; }

    /// <summary>The rows of the segment when it was packed.</summary>
    public int Rows => _blockOf.Length;

    /// <summary>The record of a row, valid until the thread reads a row of another segment that is packed.</summary>
    public ReadOnlySpan<byte> Record(Segment segment, int row)
    {
        var unpacked = Own(segment.ByteCount);
        Unpack(segment, _blockOf[row], unpacked);
        return unpacked.Bytes.AsSpan(segment.Offsets[row], segment.LengthOf(row));
    }

    /// <summary>Copies bytes of live rows next to each other.</summary>
    public void CopyTo(Segment segment, int from, int to, MessageBuffer target)
    {
        var unpacked = Own(segment.ByteCount);
        var offsets = segment.Offsets.AsSpan(0, Rows + 1);
        var row = offsets.BinarySearch(from);
        for (row = row < 0 ? ~row - 1 : row; row < Rows && offsets[row] < to; row++)
        {
            Unpack(segment, _blockOf[row], unpacked);
        }

        target.Write(unpacked.Bytes.AsSpan(from, to - from));
    }

    /// <summary>A row is not read any more after the next <see cref="Sweep"/>.</summary>
    public void Kill(int row)
    {
        if (_blockOf[row] == NoBlock)
        {
            return;
        }

        ref var block = ref _blocks[_blockOf[row]];
        if (--block.LiveRows == 0)
        {
            Footprint -= block.Footprint;
            _hasEmptied = true;
        }
    }

    /// <summary>Gives the memory of blocks without live rows back.</summary>
    public void Sweep()
    {
        if (!_hasEmptied)
        {
            return;
        }

        _hasEmptied = false;
        foreach (ref var block in _blocks.AsSpan())
        {
            if (block.LiveRows == 0)
            {
                Release(ref block);
            }
        }
    }

    /// <summary>Gives all of the memory back. Nobody reads it any more.</summary>
    public void Release()
    {
        foreach (ref var block in _blocks.AsSpan())
        {
            Release(ref block);
        }
    }

    private void Release(ref Block block)
    {
        if (block.Bytes.Length > 0)
        {
            _pool.Return(block.Bytes);
            block.Bytes = [];
        }
    }

    private Unpacked Own(int bytes)
    {
        var unpacked = _unpacked ??= new Unpacked();
        if (unpacked.Id != _id)
        {
            unpacked.Id = _id;
            unpacked.Has.AsSpan().Clear();
            if (unpacked.Bytes.Length < bytes)
            {
                unpacked.Bytes = GC.AllocateUninitializedArray<byte>(bytes);
            }
        }

        return unpacked;
    }

    // A row of a block may come after rows of others in the segment, so that each is put where it was.
    private void Unpack(Segment segment, byte at, Unpacked unpacked)
    {
        if (at == NoBlock || unpacked.Has[at])
        {
            return;
        }

        ref readonly var block = ref _blocks[at];
        if (unpacked.Block.Length < block.Length)
        {
            unpacked.Block = GC.AllocateUninitializedArray<byte>(block.Length);
        }

        var records = unpacked.Block.AsSpan(0, _codec.Unpack(block.Bytes.AsSpan(0, block.PackedLength), unpacked.Block));
        if (records.Length != block.Length)
        {
            ThrowDamaged(block.Length, records.Length);
        }

        var next = 0;
        for (var row = _blockOf.AsSpan().IndexOf(at); row >= 0; next = _blockOf.AsSpan(row + 1).IndexOf(at), row = next < 0 ? -1 : row + 1 + next)
        {
            var length = segment.LengthOf(row);
            records[..length].CopyTo(unpacked.Bytes.AsSpan(segment.Offsets[row]));
            records = records[length..];
        }

        unpacked.Has[at] = true;
    }

    [DoesNotReturn]
    private static void ThrowDamaged(int expected, int actual) => throw new InvalidOperationException($"A packed block of {expected} bytes became {actual}.");

    /// <summary>Packed rows.</summary>
    internal struct Block
    {
        public byte[] Bytes;
        public int PackedLength, Length, LiveRows;

        public readonly long Footprint => BlockPool.FootprintOf(Bytes) + 24; // this
    }

    private sealed class Unpacked
    {
        public long Id { get; set; }

        /// <summary>The segment's records, where they were; complete in the blocks that it has.</summary>
        public byte[] Bytes { get; set; } = [];

        public bool[] Has { get; } = new bool[NoBlock];

        public byte[] Block { get; set; } = [];
    }
}
