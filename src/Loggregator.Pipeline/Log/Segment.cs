using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// A block of consecutive records and a row per record. Young segments hold every position from <see cref="FirstPosition"/> on; kept ones
/// hold what eviction carried forward, with their positions written out. Written under the log's append lock; readers see the rows below
/// <see cref="Count"/>, and may touch them only while they hold their own gate, because a retired segment's memory is used again.
/// </summary>
internal sealed class Segment
{
    /// <summary>Memory of a row of a young segment beside its record.</summary>
    public const int RowBytes = sizeof(int) + sizeof(int) + sizeof(byte);

    private int _count;
    private Segment? _next;

    public Segment(byte[] bytes, int rows)
    {
        Bytes = bytes;
        SetRowCapacity(rows);
        Offsets[0] = 0;
    }

    /// <summary>Records, one behind the other; of no length while they are packed.</summary>
    public byte[] Bytes { get; private set; }

    /// <summary>The records in less memory; null while they are not packed.</summary>
    public PackedRecords? Packed { get; private set; }

    /// <summary>Where each row's record begins; one more than there are rows.</summary>
    public int[] Offsets { get; private set; } = [];

    /// <summary>Ordinal of each row's source.</summary>
    public int[] Sources { get; private set; } = [];

    /// <summary>A <see cref="RowKind"/> for each row.</summary>
    public byte[] Kinds { get; private set; } = [];

    /// <summary>Position of each row of a kept segment; null in a young one.</summary>
    public long[]? Positions { get; set; }

    /// <summary>Position of row 0 of a young segment.</summary>
    public long FirstPosition { get; set; }

    /// <summary>Smallest and largest timestamp of the rows ever put here, UNIX nanoseconds.</summary>
    public long MinTimestamp { get; set; } = long.MaxValue;

    /// <inheritdoc cref="MinTimestamp"/>
    public long MaxTimestamp { get; set; } = long.MinValue;

    /// <summary>Bytes and rows of a kept or packed segment that are not dead. Append lock.</summary>
    public int LiveBytes { get; set; }

    /// <inheritdoc cref="LiveBytes"/>
    public int LiveRows { get; set; }

    /// <summary>Counts how often this memory was given up; a cursor or hint of another generation is void.</summary>
    public int Generation { get; private set; }

    /// <summary>Rows that may be read.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The segment with the next higher positions; when it is set, <see cref="Count"/> is final (of a young segment).</summary>
    public Segment? Next
    {
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }

    public int RowCapacity => Kinds.Length;

    /// <summary>The row capacity to go on with when this one is used up.</summary>
    public int MoreRows => RowCapacity + (RowCapacity / 4) + 16;

    public int ByteCount => Offsets[Count];

    /// <summary>The position behind the last row.</summary>
    public long EndPosition => Positions is null ? FirstPosition + Count : Count == 0 ? 0 : Positions[Count - 1] + 1;

    public static long FootprintOf(int bytes, int rows) => bytes + ((long)rows * RowBytes);

    /// <summary>Memory of so many rows of a kept segment beside their records.</summary>
    public static long KeptFootprintOf(int rows) => FootprintOf(0, rows) + ((long)rows * sizeof(long));

    public long Footprint => RecordMemory + FootprintOf(0, RowCapacity) + (Positions is null ? 0 : Positions.Length * sizeof(long));

    /// <summary>Of <see cref="Footprint"/>, what holds the records.</summary>
    public long RecordMemory => Packed?.Footprint ?? Bytes.Length;

    /// <summary>How much more its live rows would take if they were not packed; negative when many are dead. Append lock.</summary>
    public long Saved => Packed is null ? 0 : LiveBytes + (Positions is null ? FootprintOf(0, LiveRows) : KeptFootprintOf(LiveRows)) - Footprint;

    public long PositionOf(int row) => Positions is { } positions ? positions[row] : FirstPosition + row;

    public int LengthOf(int row) => Offsets[row + 1] - Offsets[row];

    /// <summary>All of the row: its record, and behind it what <see cref="Original"/> gives.</summary>
    /// <remarks>Of a packed segment it is valid until the thread reads from another one.</remarks>
    public ReadOnlySpan<byte> Record(int row) => Packed is { } packed ? packed.Record(this, row) : Bytes.AsSpan(Offsets[row], Offsets[row + 1] - Offsets[row]);

    /// <summary>Copies bytes of live rows next to each other, by their offsets.</summary>
    public void CopyTo(int from, int to, MessageBuffer target)
    {
        if (Packed is { } packed)
        {
            packed.CopyTo(this, from, to, target);
        }
        else
        {
            target.Write(Bytes.AsSpan(from, to - from));
        }
    }

    /// <summary>The record without its header: tag and length.</summary>
    public ReadOnlySpan<byte> Envelope(int row)
    {
        var record = Record(row);
        var header = 1;
        int length = 0, shift = 0;
        byte next;
        do
        {
            next = record[header++];
            length |= (next & 0x7F) << shift;
            shift += 7;
        }
        while (next >= 0x80);
        return record.Slice(header, length);
    }

    /// <summary>The dropsonde envelope that the record came as; empty if it did not.</summary>
    public ReadOnlySpan<byte> Original(int row)
    {
        var record = Record(row);
        return RowKind.HasOriginal(Kinds[row]) ? record[RecordLength(record, Envelope(row))..] : default;
    }

    /// <summary>Bytes of the row's record alone.</summary>
    public int RecordLength(int row) => RowKind.HasOriginal(Kinds[row]) ? RecordLength(Record(row), Envelope(row)) : LengthOf(row);

    /// <summary>The first row at or behind <paramref name="position"/>; <see cref="Count"/> if there is none.</summary>
    public int RowAt(long position)
    {
        var count = Count;
        if (Positions is null)
        {
            return (int)Math.Clamp(position - FirstPosition, 0, count);
        }

        var at = Positions.AsSpan(0, count).BinarySearch(position);
        return at < 0 ? ~at : at;
    }

    private static int RecordLength(ReadOnlySpan<byte> row, ReadOnlySpan<byte> envelope) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(row), ref MemoryMarshal.GetReference(envelope)) + envelope.Length;

    /// <summary>Whether a record of that length fits; rows are added as needed.</summary>
    public bool HasRoom(int length) => Bytes.Length - ByteCount >= length;

    /// <summary>
    /// Gives the segment room for so many rows, no fewer than it has. Readers of rows that they were shown may go on with the former arrays.
    /// </summary>
    public void SetRowCapacity(int rows)
    {
        var count = Count;
        Offsets = Resized(Offsets, rows + 1, count + 1);
        Sources = Resized(Sources, rows, count);
        Kinds = Resized(Kinds, rows, count);
        if (Positions is not null)
        {
            Positions = Resized(Positions, rows, count);
        }
    }

    /// <summary>Gives up rows that are not used, when they are many. To be called when no more rows come.</summary>
    public void Fit()
    {
        if (RowCapacity > (Count * 5 / 4) + 16)
        {
            SetRowCapacity(Count);
        }
    }

    /// <summary>Makes a young segment a kept one, where it is.</summary>
    public void Adopt(long[] positions)
    {
        var count = Count;
        for (var row = 0; row < count; row++)
        {
            positions[row] = FirstPosition + row;
        }

        Positions = positions;
        if (Packed is null)
        {
            LiveBytes = ByteCount;
            LiveRows = count;
        }
    }

    /// <summary>Holds its records packed from now on; rows that died meanwhile do not count. Returns what held them.</summary>
    public byte[] Pack(PackedRecords packed)
    {
        var bytes = Bytes;
        Packed = packed;
        Bytes = [];
        if (Positions is null)
        {
            LiveBytes = ByteCount;
            LiveRows = Count;
        }

        for (var row = Kinds.AsSpan(0, Count).IndexOf(RowKind.Dead); row >= 0 && row < Count; row++)
        {
            if (Kinds[row] == RowKind.Dead)
            {
                packed.Kill(row);
            }
        }

        packed.Sweep();
        return bytes;
    }

    /// <summary>Gives a row of a kept or packed segment up.</summary>
    public void Kill(int row)
    {
        LiveBytes -= LengthOf(row);
        LiveRows--;
        Kinds[row] = RowKind.Dead;
        Packed?.Kill(row);
    }

    /// <summary>Keeps no more memory than there are records. Returns what held them.</summary>
    public byte[] Shrink()
    {
        var bytes = Bytes;
        Bytes = GC.AllocateUninitializedArray<byte>(ByteCount);
        bytes.AsSpan(0, ByteCount).CopyTo(Bytes);
        return bytes;
    }

    /// <summary>Gives a segment that was packed, and is not in use, memory for records.</summary>
    public void Equip(byte[] bytes) => Bytes = bytes;

    /// <summary>Lets readers see the rows below <paramref name="count"/>, which are complete.</summary>
    public void Publish(int count) => Volatile.Write(ref _count, count);

    /// <summary>Appends a row that eviction carries forward.</summary>
    public void Keep(Segment from, int row)
    {
        var count = Count;
        if (count == RowCapacity)
        {
            SetRowCapacity(MoreRows);
        }

        var at = Offsets[count];
        var record = from.Record(row);
        record.CopyTo(Bytes.AsSpan(at));
        Offsets[count + 1] = at + record.Length;
        Sources[count] = from.Sources[row];
        Kinds[count] = from.Kinds[row];
        Positions![count] = from.PositionOf(row);
        MinTimestamp = Math.Min(MinTimestamp, from.MinTimestamp);
        MaxTimestamp = Math.Max(MaxTimestamp, from.MaxTimestamp);
        LiveBytes += record.Length;
        LiveRows++;
        Publish(count + 1);
    }

    /// <summary>Empties the segment for its next use. Nobody may hold a cursor into it.</summary>
    public void Retire()
    {
        Generation++;
        Packed?.Release();
        Packed = null;
        Publish(0);
        Next = null;
        Positions = null;
        FirstPosition = 0;
        MinTimestamp = long.MaxValue;
        MaxTimestamp = long.MinValue;
        LiveBytes = 0;
        LiveRows = 0;
    }

    private static T[] Resized<T>(T[] from, int length, int used)
    {
        if (from.Length == length)
        {
            return from;
        }

        var to = GC.AllocateUninitializedArray<T>(length);
        from.AsSpan(0, Math.Min(used, from.Length)).CopyTo(to);
        return to;
    }
}
