using System.Runtime.InteropServices;

namespace Loggregator.Agent.Tagging;

/// <summary>
/// Running totals of counters that come as deltas. Bounded: the least recently used total is forgotten, and starts from 0 when its counter
/// comes again. One thread at a time: the owner locks.
/// </summary>
internal sealed class CounterTotals(int capacity)
{
    private readonly Dictionary<CounterKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // least recently used first

    /// <summary>Totals that were forgotten.</summary>
    public long Evicted { get; private set; }

    /// <summary>Totals that are known.</summary>
    public int Count => _entries.Count;

    /// <summary>
    /// The total that the counter has after this envelope: a delta without total adds to what is stored; anything else sets it
    /// (so neither delta nor total resets it to 0, unless it <paramref name="accumulates"/>).
    /// </summary>
    public ulong Next(CounterKey key, ulong delta, ulong total, bool accumulates = false)
    {
        var entry = Find(key);
        entry.Total = total == 0 && (delta != 0 || accumulates) ? entry.Total + delta : total;
        return entry.Total;
    }

    private Entry Find(CounterKey key)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, key, out var exists);
        if (exists)
        {
            if (known != _byUse.Last)
            {
                _byUse.Remove(known!);
                _byUse.AddLast(known!);
            }

            return known!.Value;
        }

        if (_entries.Count <= capacity)
        {
            known = _byUse.AddLast(new Entry { Key = key });
            return known.Value;
        }

        // The node of the least recently used total becomes this one's.
        known = _byUse.First!;
        var node = known;
        _byUse.Remove(node);
        _byUse.AddLast(node);
        _entries.Remove(node.Value.Key);
        node.Value.Key = key;
        node.Value.Total = 0;
        Evicted++;
        return node.Value;
    }

    private sealed class Entry
    {
        public CounterKey Key;
        public ulong Total;
    }
}
