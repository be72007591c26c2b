using System.Runtime.InteropServices;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Keeps the first so many records of those that it is shown, in the order of time, and all that share the timestamp of the last of them.
/// Their bytes are copied when they are taken, and moved together when much of what was copied is not wanted any more. One thread.
/// </summary>
/// <param name="limit">How many; at least 1.</param>
/// <param name="descending">The newest come first; else the oldest.</param>
internal sealed class TimeSelection(int limit, bool descending) : IDisposable
{
    private const int WorthMoving = 1024 * 1024;
    private readonly PriorityQueue<Record, long> _first = new(); // the last of them on top
    private readonly List<Record> _ties = []; // beyond the limit, with the timestamp of the last
    private readonly HashSet<long> _positions = [];
    private MessageBuffer _bytes = MessageBuffer.Rent(64 * 1024);
    private int _live;

    /// <summary>Records kept.</summary>
    public int Count => _first.Count + _ties.Count;

    /// <summary>Their bytes.</summary>
    public int Bytes => _live;

    /// <summary>Whether a record of this timestamp would be kept.</summary>
    public bool Wants(long timestamp) => _first.Count < limit || (_first.TryPeek(out _, out var last) && Key(timestamp) >= last);

    /// <summary>Whether the record of that position is kept already.</summary>
    public bool Has(long position) => _positions.Contains(position);

    /// <summary>Where the caller writes the next record before it says <see cref="Add"/>.</summary>
    public MessageBuffer Target => _bytes;

    /// <summary>Takes what was written to <see cref="Target"/> from <paramref name="offset"/> on; to be asked with <see cref="Wants"/> before.</summary>
    public void Add(long timestamp, long position, int offset)
    {
        var record = new Record(timestamp, position, offset, _bytes.Length - offset);
        var key = Key(timestamp);
        _positions.Add(position);
        _live += record.Length;
        if (_first.Count < limit)
        {
            _first.Enqueue(record, key);
            return;
        }

        _first.TryPeek(out _, out var last);
        if (key == last)
        {
            _ties.Add(record);
            return;
        }

        var displaced = _first.EnqueueDequeue(record, key);
        if (_first.TryPeek(out _, out var now) && now == last)
        {
            _ties.Add(displaced);
            return;
        }

        Forget(displaced);
        _ties.ForEach(Forget);
        _ties.Clear();
        if (_bytes.Length - _live > Math.Max(_live, WorthMoving))
        {
            MoveTogether();
        }
    }

    /// <summary>The records in the order of time, and of their positions where that is equal; they are gone with <see cref="Dispose"/>.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> InOrder()
    {
        List<Record> records = [.. _first.UnorderedItems.Select(item => item.Element), .. _ties];
        records.Sort();
        if (descending)
        {
            records.Reverse();
        }

        return records.Select(record => _bytes.Memory.Slice(record.Offset, record.Length));
    }

    public void Dispose() => _bytes.Dispose();

    // Larger for what comes first.
    private long Key(long timestamp) => descending ? timestamp : ~timestamp;

    private void Forget(Record record)
    {
        _live -= record.Length;
        _positions.Remove(record.Position);
    }

    private void MoveTogether()
    {
        var moved = MessageBuffer.Rent(_live);
        List<Record> kept = [.. _first.UnorderedItems.Select(item => item.Element)];
        _first.Clear();
        foreach (var record in kept)
        {
            _first.Enqueue(Move(record), Key(record.Timestamp));
        }

        foreach (ref var record in CollectionsMarshal.AsSpan(_ties))
        {
            record = Move(record);
        }

        _bytes.Dispose();
        _bytes = moved;

        Record Move(Record record)
        {
            var offset = moved.Length;
            moved.Write(_bytes.Span.Slice(record.Offset, record.Length));
            return record with { Offset = offset };
        }
    }

    private readonly record struct Record(long Timestamp, long Position, int Offset, int Length) : IComparable<Record>
    {
        public int CompareTo(Record other)
        {
            var byTime = Timestamp.CompareTo(other.Timestamp);
            return byTime != 0 ? byTime : Position.CompareTo(other.Position);
        }
    }
}
