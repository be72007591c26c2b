using System.Numerics;
using System.Runtime.InteropServices;

namespace Loggregator.Pipeline.Rings;

/// <summary>
/// The sources that are present in the ring: found by hash (open addressing, linear probing, never above half full) and sorted into bins
/// of weight, bin b holding weights from 2^b to 2^(b+1) − 1. Every operation is O(1). Not thread safe. Native memory, for the same reason
/// as the arena's: what an agent never needed is not resident.
/// </summary>
internal sealed unsafe class RingSources : IDisposable
{
    private readonly int[] _bins = new int[32];
    private readonly int _mask;
    private uint _occupied; // bit b: bin b is not empty
    private int* _index; // slot + 1; 0 is empty
    private RingSource* _slots;
    private int _free = -1;
    private int _fresh;

    public RingSources(int capacity)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2);
        _mask = size - 1;
        _index = (int*)NativeMemory.AllocZeroed((nuint)size, sizeof(int));
        _slots = (RingSource*)NativeMemory.Alloc((nuint)capacity, (nuint)sizeof(RingSource));
        Array.Fill(_bins, -1);
    }

    ~RingSources() => Free();

    public int Count { get; private set; }

    public ref RingSource this[int slot] => ref _slots[slot];

    public static int Bin(int weight) => BitOperations.Log2((uint)weight);

    /// <summary>A source of the highest occupied bin, or -1.</summary>
    public int Heaviest() => _occupied == 0 ? -1 : _bins[BitOperations.Log2(_occupied)];

    /// <summary>The slot of the source with this hash, or -1.</summary>
    public int Find(ulong hash)
    {
        for (var i = (int)hash & _mask; _index[i] != 0; i = (i + 1) & _mask)
        {
            if (_slots[_index[i] - 1].Hash == hash)
            {
                return _index[i] - 1;
            }
        }

        return -1;
    }

    /// <summary>The slot of the source with this hash; a new one has weight 0 and is in no bin until <see cref="Weigh"/>.</summary>
    public int FindOrAdd(ulong hash)
    {
        var i = (int)hash & _mask;
        for (; _index[i] != 0; i = (i + 1) & _mask)
        {
            if (_slots[_index[i] - 1].Hash == hash)
            {
                return _index[i] - 1;
            }
        }

        var slot = _free;
        if (slot >= 0)
        {
            _free = _slots[slot].BinNext;
        }
        else
        {
            slot = _fresh++;
        }

        _slots[slot] = new RingSource { Hash = hash, Head = -1, Tail = -1, BinPrevious = -1, BinNext = -1 };
        _index[i] = slot + 1;
        Count++;
        return slot;
    }

    /// <summary>Adds <paramref name="cells"/> to a source's weight; at weight 0 the source is gone.</summary>
    public void Weigh(int slot, int cells)
    {
        ref var source = ref _slots[slot];
        var before = source.Weight;
        var after = before + cells;
        source.Weight = after;
        if (before != 0 && after != 0 && Bin(before) == Bin(after))
        {
            return;
        }

        if (before != 0)
        {
            LeaveBin(slot, Bin(before));
        }

        if (after != 0)
        {
            EnterBin(slot, Bin(after));
        }
        else
        {
            Remove(slot);
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void EnterBin(int slot, int bin)
    {
        ref var source = ref _slots[slot];
        source.BinPrevious = -1;
        source.BinNext = _bins[bin];
        if (source.BinNext >= 0)
        {
            _slots[source.BinNext].BinPrevious = slot;
        }

        _bins[bin] = slot;
        _occupied |= 1u << bin;
    }

    private void LeaveBin(int slot, int bin)
    {
        ref var source = ref _slots[slot];
        if (source.BinNext >= 0)
        {
            _slots[source.BinNext].BinPrevious = source.BinPrevious;
        }

        if (source.BinPrevious >= 0)
        {
            _slots[source.BinPrevious].BinNext = source.BinNext;
            return;
        }

        _bins[bin] = source.BinNext;
        if (source.BinNext < 0)
        {
            _occupied &= ~(1u << bin);
        }
    }

    private void Remove(int slot)
    {
        var hole = (int)_slots[slot].Hash & _mask;
        while (_index[hole] != slot + 1)
        {
            hole = (hole + 1) & _mask;
        }

        // Backward shift: whatever probed past the hole moves up, so that no search ends early and no tombstones pile up.
        for (var i = (hole + 1) & _mask; _index[i] != 0; i = (i + 1) & _mask)
        {
            var home = (int)_slots[_index[i] - 1].Hash & _mask;
            if (((i - home) & _mask) >= ((i - hole) & _mask))
            {
                _index[hole] = _index[i];
                hole = i;
            }
        }

        _index[hole] = 0;
        _slots[slot].BinNext = _free;
        _free = slot;
        Count--;
    }

    private void Free()
    {
        NativeMemory.Free(_index);
        NativeMemory.Free(_slots);
        _index = null;
        _slots = null;
    }
}
