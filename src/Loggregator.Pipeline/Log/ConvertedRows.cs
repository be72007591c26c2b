using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// The v1 form of rows that were converted last, by their position: who reads the same row soon after copies it. Bounded; the newest take
/// the place of the oldest. The owner locks.
/// </summary>
internal sealed class ConvertedRows
{
    private const int Rows = 16 * 1024, Capacity = 4 * 1024 * 1024;
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Capacity);
    private readonly Entry[] _entries = new Entry[Rows];
    private long _written; // bytes ever, the end of the ring left out where a row did not fit there

    /// <summary>Copies the records of the row at this position; how many, 0 if they are not here.</summary>
    public int TryCopy(long position, MessageBuffer target)
    {
        ref readonly var entry = ref _entries[position % Rows];
        if (entry.Records == 0 || entry.Position != position || _written - entry.At > Capacity)
        {
            return 0;
        }

        target.Write(_bytes.AsSpan((int)(entry.At % Capacity), entry.Length));
        return entry.Records;
    }

    /// <summary>Keeps the records of a row.</summary>
    public void Keep(long position, ReadOnlySpan<byte> records, int count)
    {
        if (records.Length > Capacity / 16)
        {
            return;
        }

        var left = Capacity - (int)(_written % Capacity);
        _written += left < records.Length ? left : 0;
        records.CopyTo(_bytes.AsSpan((int)(_written % Capacity)));
        _entries[position % Rows] = new Entry { Position = position, At = _written, Length = records.Length, Records = count };
        _written += records.Length;
    }

    private struct Entry
    {
        public long Position, At;
        public int Length, Records;
    }
}
