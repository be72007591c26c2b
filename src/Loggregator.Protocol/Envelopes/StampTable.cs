using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Counts stamps per (source id, instance id, type) for a bounded number of streams. One thread at a time: the owner locks.
/// A stream that comes back after it was forgotten (least recently stamped goes first) gets a new epoch, so that readers see a new count
/// and not a loss. Streams are told apart by 128 bits of seeded hashes, not by their names.
/// </summary>
public sealed class StampTable
{
    private readonly Dictionary<StreamKey, int> _index;
    private readonly Entry[] _entries;
    private readonly long _seed;
    private uint _nextEpoch;
    private int _used;
    private int _newest = -1;
    private int _oldest = -1;

    /// <summary>Makes an empty table.</summary>
    /// <param name="capacity">The most streams that are remembered, about 100 bytes each; nothing is allocated per stream.</param>
    /// <param name="seed">Random per start: it decides the first epoch and the hashes.</param>
    public StampTable(int capacity, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _index = new Dictionary<StreamKey, int>(capacity);
        _entries = new Entry[capacity];
        _seed = seed;
        _nextEpoch = (uint)(seed ^ (seed >> 32));
    }

    /// <summary>Streams that were forgotten to make room.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Streams that are remembered.</summary>
    public int Count => _used;

    /// <summary>The next stamp of this stream.</summary>
    public (uint Epoch, ulong Sequence) Next(ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId, EnvelopeType type)
    {
        var key = new StreamKey(XxHash3.HashToUInt64(sourceId, _seed), XxHash3.HashToUInt64(instanceId, ~_seed - (long)type));
        ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(_index, key);
        int at;
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref slot))
        {
            at = Claim(key);
        }
        else
        {
            at = slot;
            if (at != _newest)
            {
                Unlink(at);
                LinkNewest(at);
            }
        }

        ref var entry = ref _entries[at];
        return (entry.Epoch, ++entry.Sequence);
    }

    private int Claim(in StreamKey key)
    {
        int at;
        if (_used < _entries.Length)
        {
            at = _used++;
        }
        else
        {
            at = _oldest;
            Unlink(at);
            _index.Remove(_entries[at].Key);
            Forgotten++;
        }

        _entries[at] = new Entry { Key = key, Epoch = _nextEpoch++ };
        _index.Add(key, at);
        LinkNewest(at);
        return at;
    }

    private void LinkNewest(int at)
    {
        ref var entry = ref _entries[at];
        entry.Older = _newest;
        entry.Newer = -1;
        if (_newest >= 0)
        {
            _entries[_newest].Newer = at;
        }
        else
        {
            _oldest = at;
        }

        _newest = at;
    }

    private void Unlink(int at)
    {
        ref var entry = ref _entries[at];
        if (entry.Newer >= 0)
        {
            _entries[entry.Newer].Older = entry.Older;
        }
        else
        {
            _newest = entry.Older;
        }

        if (entry.Older >= 0)
        {
            _entries[entry.Older].Newer = entry.Newer;
        }
        else
        {
            _oldest = entry.Newer;
        }
    }

    private readonly record struct StreamKey(ulong Source, ulong InstanceAndType)
    {
        public override int GetHashCode() => (int)Source ^ (int)(InstanceAndType >> 32);
    }

    private struct Entry
    {
        public StreamKey Key;
        public ulong Sequence;
        public uint Epoch;
        public int Newer, Older;
    }
}
