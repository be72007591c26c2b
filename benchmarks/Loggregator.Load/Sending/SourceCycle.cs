namespace Loggregator.Load.Sending;

/// <summary>
/// The order in which a link's envelopes take their sources: a shuffled round in which each source has its share. One user at a time.
/// </summary>
internal sealed class SourceCycle
{
    private readonly int[] _round;
    private int _at;

    public SourceCycle(int sources, int skew, int seed)
    {
        _round = [.. Enumerable.Repeat(0, skew), .. Enumerable.Range(1, sources - 1)];
        new Random(seed).Shuffle(_round);
    }

    public int Next()
    {
        var source = _round[_at];
        _at = _at + 1 == _round.Length ? 0 : _at + 1;
        return source;
    }
}
