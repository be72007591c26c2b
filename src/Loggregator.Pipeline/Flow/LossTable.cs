using System.Buffers.Binary;
using System.Text;

namespace Loggregator.Pipeline.Flow;

/// <summary>
/// What was lost and is not yet told, and what was lost in all, per (source id, instance id, reason, hop). Any thread may call anything:
/// one lock guards it, losses are rare. Bounded: a loss that finds no place is counted under the source id <c>other</c>, so the sum over
/// all entries is always exactly what was added.
/// </summary>
public sealed class LossTable
{
    /// <summary>Longer pairs of ids have no entry of their own, so that invented ids cannot fill the memory: they count as <c>other</c>.</summary>
    public const int MaxIdBytes = 512;

    private const int KeyHeader = 5; // reason, length of the source id
    private readonly Lock _lock = new();
    private readonly int _capacity;
    private readonly Dictionary<byte[], LossEntry> _entries;
    private readonly Dictionary<byte[], LossEntry>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly LinkedList<LossEntry> _pending = new();
    private readonly LinkedList<LossEntry> _told = new(); // oldest first: these make room
    private readonly long[] _totals = new long[LossReasonText.Count];
    private int _pendingCount;

    /// <summary>A table of at most <paramref name="capacity"/> entries, and one for <c>other</c> per reason and hop.</summary>
    public LossTable(int capacity = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _entries = new Dictionary<byte[], LossEntry>(new LossKeyComparer());
        _lookup = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The source id of everything that has no entry of its own.</summary>
    public static ReadOnlySpan<byte> Other => "other"u8;

    /// <summary>Whether something is to be told; cheap enough to ask before each batch.</summary>
    public bool HasPending => Volatile.Read(ref _pendingCount) != 0;

    /// <summary>All envelopes lost for <paramref name="reason"/>.</summary>
    public long Total(LossReason reason) => Interlocked.Read(ref _totals[(int)reason]);

    /// <summary>Counts <paramref name="count"/> lost envelopes of one stream; a pending loss of the same stream and reason is merged.</summary>
    public void Add(
        ReadOnlySpan<byte> source,
        ReadOnlySpan<byte> instance,
        LossReason reason,
        long count,
        long timestamp,
        ulong position = 0,
        string hop = "",
        bool upperBound = false)
    {
        if (count == 0)
        {
            return;
        }

        lock (_lock)
        {
            _totals[(int)reason] += count;
            var entry = Find(source, instance, reason, hop);
            if (entry.Count == 0)
            {
                _told.Remove(entry.Node);
                _pending.AddLast(entry.Node);
                _pendingCount++;
            }

            entry.Add(count, timestamp, position, upperBound);
        }
    }

    /// <summary>
    /// Shows <paramref name="visit"/> what is pending, oldest entry first. What it returns true for counts as told; the rest stays pending.
    /// It runs under the lock and must not call this table.
    /// </summary>
    /// <returns>How many entries were told.</returns>
    public int Drain(Func<Loss, bool> visit)
    {
        if (!HasPending)
        {
            return 0;
        }

        lock (_lock)
        {
            var told = 0;
            for (var node = _pending.First; node is not null;)
            {
                var next = node.Next;
                if (visit(node.Value.Snapshot()))
                {
                    node.Value.Told();
                    _pending.Remove(node);
                    _told.AddLast(node);
                    _pendingCount--;
                    told++;
                }

                node = next;
            }

            return told;
        }
    }

    /// <summary>Every entry there is, in no particular order.</summary>
    public Loss[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _entries.Values.Select(entry => entry.Snapshot())];
        }
    }

    private LossEntry Find(ReadOnlySpan<byte> source, ReadOnlySpan<byte> instance, LossReason reason, string hop)
    {
        if (source.Length + instance.Length <= MaxIdBytes)
        {
            Span<byte> room = stackalloc byte[KeyHeader + MaxIdBytes + 64];
            var key = WriteKey(room, source, instance, reason, hop, out var sourceOffset);
            if (_lookup.TryGetValue(key, out var entry))
            {
                return entry;
            }

            if (MakeRoom())
            {
                return Insert(key, source.Length, reason, hop, sourceOffset);
            }
        }

        Span<byte> otherRoom = stackalloc byte[KeyHeader + MaxIdBytes + 64];
        var otherKey = WriteKey(otherRoom, Other, [], reason, hop, out var offset);
        return _lookup.TryGetValue(otherKey, out var other) ? other : Insert(otherKey, Other.Length, reason, hop, offset);
    }

    private static ReadOnlySpan<byte> WriteKey(
        Span<byte> room, ReadOnlySpan<byte> source, ReadOnlySpan<byte> instance, LossReason reason, string hop, out int sourceOffset)
    {
        room[0] = (byte)reason;
        BinaryPrimitives.WriteInt32LittleEndian(room[1..], source.Length);
        sourceOffset = KeyHeader + 1 + (hop.Length == 0 ? 0 : Encoding.UTF8.GetBytes(hop, room[(KeyHeader + 1)..(KeyHeader + 64)]));
        room[KeyHeader] = (byte)(sourceOffset - KeyHeader);
        source.CopyTo(room[sourceOffset..]);
        instance.CopyTo(room[(sourceOffset + source.Length)..]);
        return room[..(sourceOffset + source.Length + instance.Length)];
    }

    private LossEntry Insert(ReadOnlySpan<byte> key, int sourceLength, LossReason reason, string hop, int sourceOffset)
    {
        var entry = new LossEntry(key.ToArray(), sourceOffset, sourceLength, reason, hop);
        _entries.Add(entry.Key, entry);
        _told.AddLast(entry.Node);
        return entry;
    }

    /// <summary>Lets the entry that was told longest ago go, its history to <c>other</c>, if the table is full.</summary>
    private bool MakeRoom()
    {
        if (_entries.Count < _capacity)
        {
            return true;
        }

        for (var node = _told.First; node is not null; node = node.Next)
        {
            var entry = node.Value;
            if (entry.Source.Span.SequenceEqual(Other) && entry.Instance.IsEmpty)
            {
                continue; // one per reason and hop, so this loop stays short
            }

            _told.Remove(node);
            _entries.Remove(entry.Key);
            Find(Other, [], entry.Reason, entry.Hop).AddTold(entry.Total);
            return true;
        }

        return false;
    }
}
