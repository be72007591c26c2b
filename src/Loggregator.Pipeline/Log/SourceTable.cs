using System.IO.Hashing;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Gives each source id an ordinal. At most <paramref name="capacity"/> sources are indexed apart, plus those that subscriptions name;
/// the rest shares the ordinal <see cref="Other"/>. An entry that holds no row and that nobody names may be given to another source. Append lock,
/// except <see cref="Hash"/>.
/// </summary>
internal sealed class SourceTable(int capacity)
{
    /// <summary>The ordinal of everything that is not indexed apart.</summary>
    public const int Other = 0;

    private const int MaxIdBytes = 512; // longer ids are not indexed apart: a table of invented ids stays small

    private readonly long _seed = Random.Shared.NextInt64(); // so that invented ids do not collide on purpose
    private readonly List<SourceEntry> _entries = [new SourceEntry(Other)];
    private readonly Queue<SourceEntry> _reclaimable = new();
    private int[] _slots = new int[1024]; // ordinals by hash, linear probing; 0 is free

    /// <summary>Entries by ordinal.</summary>
    public List<SourceEntry> Entries => _entries;

    /// <summary>Grows whenever a source begins to hold rows, or holds none any more.</summary>
    public long HeldVersion { get; private set; }

    /// <summary>Sources that hold rows; all that are not indexed apart count as one.</summary>
    public int Holders { get; private set; }

    /// <summary>Any thread.</summary>
    public ulong Hash(ReadOnlySpan<byte> id) => XxHash3.HashToUInt64(id, _seed);

    public SourceEntry Intern(ReadOnlySpan<byte> id, ulong hash)
    {
        return id.Length > MaxIdBytes ? _entries[Other] : Find(id, hash, out _) ?? Claim(id, hash, beyondCapacity: false);
    }

    /// <summary>The entry of a source that is indexed apart; null if it is not.</summary>
    public SourceEntry? Find(ReadOnlySpan<byte> id) => Find(id, Hash(id), out _);

    /// <summary>The entry of a source that a subscription names; it stays that source's until <see cref="Unpin"/>.</summary>
    public SourceEntry Pin(ReadOnlySpan<byte> id)
    {
        var hash = Hash(id);
        var entry = id.Length > MaxIdBytes ? _entries[Other] : Find(id, hash, out _) ?? Claim(id, hash, beyondCapacity: true);
        entry.Pins++;
        return entry;
    }

    /// <summary>As <see cref="Pin"/>, of a source that is indexed apart; null if it is not.</summary>
    public SourceEntry? TryPin(ReadOnlySpan<byte> id)
    {
        var entry = id.Length > MaxIdBytes ? null : Find(id, Hash(id), out _);
        if (entry is not null)
        {
            entry.Pins++;
        }

        return entry;
    }

    public void Unpin(SourceEntry entry)
    {
        entry.Pins--;
        OfferIfUnused(entry);
    }

    /// <summary>The entry has begun to hold rows, or holds none any more.</summary>
    public void RowsChanged(SourceEntry entry)
    {
        HeldVersion++;
        Holders += entry.HeldRows > 0 ? 1 : -1;
        OfferIfUnused(entry);
    }

    private void OfferIfUnused(SourceEntry entry)
    {
        if (entry is { HeldRows: 0, Pins: 0, Reclaimable: false, Ordinal: not Other })
        {
            entry.Reclaimable = true;
            _reclaimable.Enqueue(entry);
        }
    }

    private SourceEntry? Find(ReadOnlySpan<byte> id, ulong hash, out int slot)
    {
        var mask = _slots.Length - 1;
        for (slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            var ordinal = _slots[slot];
            if (ordinal == 0)
            {
                return null;
            }

            var entry = _entries[ordinal];
            if (entry.Hash == hash && id.SequenceEqual(entry.Id))
            {
                return entry;
            }
        }
    }

    private SourceEntry Claim(ReadOnlySpan<byte> id, ulong hash, bool beyondCapacity)
    {
        var entry = _entries.Count > capacity ? Reclaim() : null;
        if (entry is null)
        {
            if (_entries.Count > capacity && !beyondCapacity)
            {
                return _entries[Other];
            }

            entry = new SourceEntry(_entries.Count);
            _entries.Add(entry);
            if (_entries.Count * 2 > _slots.Length)
            {
                Grow();
            }
        }

        Find(id, hash, out var slot); // what was reclaimed or grown may have moved it
        entry.Id = id.ToArray();
        entry.Hash = hash;
        _slots[slot] = entry.Ordinal;
        return entry;
    }

    private SourceEntry? Reclaim()
    {
        while (_reclaimable.TryDequeue(out var entry))
        {
            entry.Reclaimable = false;
            if (entry is { HeldRows: 0, Pins: 0 })
            {
                Remove(entry);
                _entries[Other].Fold(entry);
                return entry;
            }
        }

        return null;
    }

    // Linear probing: what was pushed past the freed slot moves back, so that no search ends early.
    private void Remove(SourceEntry entry)
    {
        Find(entry.Id, entry.Hash, out var hole);
        var mask = _slots.Length - 1;
        for (var at = (hole + 1) & mask; _slots[at] != 0; at = (at + 1) & mask)
        {
            var home = (int)_entries[_slots[at]].Hash & mask;
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                _slots[hole] = _slots[at];
                hole = at;
            }
        }

        _slots[hole] = 0;
    }

    private void Grow()
    {
        var slots = new int[_slots.Length * 2];
        var mask = slots.Length - 1;
        foreach (var ordinal in _slots)
        {
            if (ordinal != 0)
            {
                var slot = (int)_entries[ordinal].Hash & mask;
                while (slots[slot] != 0)
                {
                    slot = (slot + 1) & mask;
                }

                slots[slot] = ordinal;
            }
        }

        _slots = slots;
    }
}
