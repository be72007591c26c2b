namespace Loggregator.Pipeline.Series;

/// <summary>
/// One source id, instance id and set of tags, and the series that have them. Store's lock, except what is set once.
/// </summary>
internal sealed class LabelSet(UInt128 hash, byte[] identity, SeriesSource source)
{
    private TimeSeries?[] _slots = new TimeSeries?[2]; // by the name's hash, linear probing

    /// <summary>Hash of <see cref="Identity"/>.</summary>
    public UInt128 Hash { get; } = hash;

    /// <summary>The canonical form: an envelope of source id, instance id and sorted tags.</summary>
    public byte[] Identity { get; } = identity;

    public SeriesSource Source { get; } = source;

    /// <summary>Place in the source's list.</summary>
    public int Place { get; set; }

    /// <summary>Series that are there.</summary>
    public int Count { get; private set; }

    /// <summary>What the http timers that count here came to; null if there are none.</summary>
    public HttpRequests? Http { get; set; }

    /// <summary>All series; some entries are null.</summary>
    public ReadOnlySpan<TimeSeries?> Slots => _slots;

    public TimeSeries? Find(ReadOnlySpan<byte> name, ulong hash, SeriesKind kind)
    {
        var mask = _slots.Length - 1;
        for (var slot = (int)hash & mask; _slots[slot] is { } series; slot = (slot + 1) & mask)
        {
            if (series.Name.Hash == hash && series.Kind == kind && name.SequenceEqual(series.Name.Utf8))
            {
                return series;
            }
        }

        return null;
    }

    public void Add(TimeSeries series)
    {
        if ((Count + 1) * 3 > _slots.Length * 2)
        {
            var old = _slots;
            _slots = new TimeSeries?[old.Length * 2];
            foreach (var one in old)
            {
                if (one is not null)
                {
                    Put(one);
                }
            }
        }

        Put(series);
        Count++;
    }

    // What was pushed past the freed slot moves back, so that no search ends early.
    public void Remove(TimeSeries series)
    {
        var hole = Array.IndexOf(_slots, series);
        var mask = _slots.Length - 1;
        for (var at = (hole + 1) & mask; _slots[at] is { } next; at = (at + 1) & mask)
        {
            var home = (int)next.Name.Hash & mask;
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                _slots[hole] = next;
                hole = at;
            }
        }

        _slots[hole] = null;
        Count--;
    }

    private void Put(TimeSeries series)
    {
        var mask = _slots.Length - 1;
        var slot = (int)series.Name.Hash & mask;
        while (_slots[slot] is not null)
        {
            slot = (slot + 1) & mask;
        }

        _slots[slot] = series;
    }
}
