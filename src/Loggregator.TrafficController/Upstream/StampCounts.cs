using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// The counts that one stream remembers, within its capacity and what the common budget has left. When there is no more room, one that has
/// not been heard of for long is forgotten. Not thread safe: the ledger's lock guards it.
/// </summary>
internal sealed class StampCounts(int capacity, StampBudget budget)
{
    private readonly Dictionary<(ulong Source, ulong Counter), int> _index = [];
    private StampCount[] _counts = [];
    private int _used;
    private int _hand; // of the clock that chooses who is forgotten

    public int Count => _used;

    /// <summary>
    /// The count of a mark, valid until the next call. Not known: a new one, to be filled in; a null reference if there is no room at all.
    /// </summary>
    public ref StampCount Find(in StampMark mark, out bool known)
    {
        ref var slot = ref CollectionsMarshal.GetValueRefOrNullRef(_index, (mark.Source, mark.Counter));
        known = !Unsafe.IsNullRef(ref slot);
        if (!known)
        {
            return ref Claim((mark.Source, mark.Counter));
        }

        ref var count = ref _counts[slot];
        count.Recent = true;
        return ref count;
    }

    /// <summary>Forgets all and gives its share of the budget back.</summary>
    public void Clear()
    {
        budget.Return(_counts.Length);
        _counts = [];
        _index.Clear();
        _used = 0;
    }

    private ref StampCount Claim((ulong Source, ulong Counter) key)
    {
        int at;
        if (_used < _counts.Length || TryGrow())
        {
            at = _used++;
        }
        else if (_used == 0)
        {
            return ref Unsafe.NullRef<StampCount>();
        }
        else
        {
            at = Forget();
        }

        _counts[at] = new StampCount { Key = key, Recent = true };
        _index.Add(key, at);
        return ref _counts[at];
    }

    private int Forget()
    {
        while (_counts[_hand].Recent)
        {
            _counts[_hand].Recent = false;
            _hand = (_hand + 1) % _used;
        }

        var at = _hand;
        _index.Remove(_counts[at].Key);
        _hand = (_hand + 1) % _used;
        return at;
    }

    private bool TryGrow()
    {
        var more = Math.Min(Math.Max(_counts.Length, 64), capacity - _counts.Length);
        if (more <= 0 || !budget.TryTake(more))
        {
            return false;
        }

        Array.Resize(ref _counts, _counts.Length + more);
        return true;
    }
}
