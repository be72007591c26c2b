namespace Loggregator.Load.Accounting;

/// <summary>The sequence numbers that have been seen of one (source, link): a bit each, so that duplicates are found exactly.</summary>
internal struct SequenceSet
{
    private ulong[]? _seen;
    private ulong _highest;

    /// <summary>Adds a number, from 1.</summary>
    /// <param name="sequence">The number.</param>
    /// <param name="late">It is new, but a higher one was seen before.</param>
    /// <returns>False when it was there already.</returns>
    public bool Add(ulong sequence, out bool late)
    {
        var word = (int)(sequence >> 6);
        if (_seen is null || word >= _seen.Length)
        {
            Array.Resize(ref _seen, Math.Max(word + 1, (_seen?.Length ?? 0) * 2));
        }

        var bit = 1UL << (int)(sequence & 63);
        var isNew = (_seen[word] & bit) == 0;
        _seen[word] |= bit;
        late = isNew && sequence < _highest;
        _highest = Math.Max(_highest, sequence);
        return isNew;
    }
}
