using System.IO.Hashing;
using System.Numerics;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Counts stamps per (source id, instance id, type) for a bounded number of streams. One thread at a time: the owner locks.
/// A stream that comes back after it was forgotten (to make room the one stamped longest ago goes, of a few that are looked at) gets a new
/// epoch, so that readers see a new count and not a loss. Streams are told apart by 128 bits of seeded hashes, not by their names.
/// One stamp touches one cache line: entries lie in the hash table itself, and no list orders them.
/// </summary>
public sealed class StampTable
{
    private const int FirstSlots = 256;
    private const int Sample = 8; // entries that are looked at to find one to forget
    private readonly int _capacity;
    private readonly long _seed;
    private Entry[] _slots; // linear probing, at most half full; an entry without sequence is free
    private uint _nextEpoch;
    private uint _clock;
    private int _hand;

    /// <summary>Makes an empty table.</summary>
    /// <param name="capacity">The most streams that are remembered, 64 bytes each; the table grows with them.</param>
    /// <param name="seed">Random per start: it decides the first epoch and the hashes.</param>
    public StampTable(int capacity, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _seed = seed;
        _slots = new Entry[FirstSlots];
        _nextEpoch = (uint)(seed ^ (seed >> 32));
    }

    /// <summary>Streams that were forgotten to make room.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Streams that are remembered.</summary>
    public int Count { get; private set; }

    /// <summary>What the table knows a stream by. Any thread.</summary>
    public StreamKey KeyOf(ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId, EnvelopeType type) =>
        KeyOf(XxHash3.HashToUInt64(sourceId, _seed), instanceId, type);

    /// <summary>The same with the caller's own hash of the source id, which has to be seeded and the same at each call. Any thread.</summary>
    public StreamKey KeyOf(ulong sourceHash, ReadOnlySpan<byte> instanceId, EnvelopeType type) =>
        new(sourceHash, XxHash3.HashToUInt64(instanceId, ~_seed - (long)type));

    /// <summary>The next stamp of this stream.</summary>
    public (uint Epoch, ulong Sequence) Next(in StreamKey key)
    {
        var slot = Find(key);
        if (_slots[slot].Sequence == 0)
        {
            slot = Claim(key, slot);
        }

        ref var entry = ref _slots[slot];
        entry.LastUse = ++_clock;
        return (entry.Epoch, ++entry.Sequence);
    }

    // Where the stream is, or the free slot where it would be.
    private int Find(in StreamKey key)
    {
        var mask = _slots.Length - 1;
        var slot = HomeOf(key, mask);
        while (_slots[slot].Sequence != 0 && _slots[slot].Key != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private int Claim(in StreamKey key, int slot)
    {
        if (Count == _capacity)
        {
            Forget();
            slot = Find(key);
        }
        else if (Count * 2 >= _slots.Length)
        {
            Grow();
            slot = Find(key);
        }

        _slots[slot] = new Entry { Key = key, Epoch = _nextEpoch++ };
        Count++;
        return slot;
    }

    private void Grow()
    {
        var before = _slots;
        _slots = new Entry[before.Length * 2];
        foreach (ref readonly var entry in before.AsSpan())
        {
            if (entry.Sequence != 0)
            {
                _slots[Find(entry.Key)] = entry;
            }
        }
    }

    private void Forget()
    {
        var mask = _slots.Length - 1;
        var oldest = -1;
        for (var seen = 0; seen < Math.Min(Sample, Count); _hand = (_hand + 1) & mask)
        {
            if (_slots[_hand].Sequence != 0)
            {
                seen++;
                oldest = oldest < 0 || _clock - _slots[_hand].LastUse > _clock - _slots[oldest].LastUse ? _hand : oldest;
            }
        }

        Remove(oldest);
        Count--;
        Forgotten++;
    }

    // What was pushed past the freed slot moves back, so that no search ends early.
    private void Remove(int hole)
    {
        var mask = _slots.Length - 1;
        for (var at = (hole + 1) & mask; _slots[at].Sequence != 0; at = (at + 1) & mask)
        {
            var home = HomeOf(_slots[at].Key, mask);
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                _slots[hole] = _slots[at];
                hole = at;
            }
        }

        _slots[hole] = default;
    }

    private static int HomeOf(in StreamKey key, int mask) => (int)(key.Source ^ BitOperations.RotateLeft(key.InstanceAndType, 32)) & mask;

    private struct Entry
    {
        public StreamKey Key;
        public ulong Sequence;
        public uint Epoch;
        public uint LastUse; // by the clock of calls; it may wrap: then an old one looks young for a while
    }
}
