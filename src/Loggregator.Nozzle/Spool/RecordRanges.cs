namespace Loggregator.Nozzle.Spool;

/// <summary>A set of record numbers as sorted ranges that neither touch nor overlap; few, because whole blocks in order come and go. Not thread safe.</summary>
internal sealed class RecordRanges
{
    private readonly List<RecordRange> _ranges = [];

    /// <summary>The ranges, ascending.</summary>
    public IReadOnlyList<RecordRange> Ranges => _ranges;

    /// <summary>The number behind the highest one; 0 when empty.</summary>
    public ulong End => _ranges.Count == 0 ? 0 : _ranges[^1].To;

    /// <summary>The lowest number from <paramref name="record"/> on that is not in the set.</summary>
    public ulong NextOutside(ulong record)
    {
        var i = IndexBehind(record);
        return i > 0 && _ranges[i - 1].To > record ? _ranges[i - 1].To : record;
    }

    /// <summary>The lowest number from <paramref name="record"/> on that is in the set; the greatest number when there is none.</summary>
    public ulong NextInside(ulong record) => NextOutside(record) != record ? record : IndexBehind(record) is var i && i < _ranges.Count ? _ranges[i].From : ulong.MaxValue;

    /// <summary>How many numbers of a range are in the set.</summary>
    public ulong CountIn(RecordRange range)
    {
        ulong count = 0;
        for (var i = Math.Max(0, IndexBehind(range.From) - 1); i < _ranges.Count && _ranges[i].From < range.To; i++)
        {
            var (from, to) = (Math.Max(_ranges[i].From, range.From), Math.Min(_ranges[i].To, range.To));
            count += to > from ? to - from : 0;
        }

        return count;
    }

    /// <summary>Whether the whole range is in the set.</summary>
    public bool Covers(RecordRange range) => CountIn(range) == range.Count;

    /// <summary>Adds a range and returns how many numbers were new.</summary>
    public ulong Add(RecordRange range)
    {
        if (range.Count == 0)
        {
            return 0;
        }

        var added = range.Count - CountIn(range);
        var first = IndexBehind(range.From);
        if (first > 0 && _ranges[first - 1].To >= range.From)
        {
            first--;
        }

        var (from, to, last) = (range.From, range.To, first);
        while (last < _ranges.Count && _ranges[last].From <= to)
        {
            from = Math.Min(from, _ranges[last].From);
            to = Math.Max(to, _ranges[last].To);
            last++;
        }

        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, new RecordRange(from, to));
        return added;
    }

    /// <summary>Takes a range out.</summary>
    public void Remove(RecordRange range)
    {
        for (var i = _ranges.Count - 1; range.Count > 0 && i >= 0; i--)
        {
            var held = _ranges[i];
            if (held.From >= range.To || held.To <= range.From)
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (held.To > range.To)
            {
                _ranges.Insert(i, new RecordRange(range.To, held.To));
            }

            if (held.From < range.From)
            {
                _ranges.Insert(i, new RecordRange(held.From, range.From));
            }
        }
    }

    // Index of the first range that begins behind the record.
    private int IndexBehind(ulong record)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].From <= record)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
