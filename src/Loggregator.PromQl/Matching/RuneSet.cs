namespace Loggregator.PromQl.Matching;

/// <summary>A set of code points as sorted, disjoint, inclusive ranges.</summary>
internal sealed class RuneSet
{
    public const int Max = 0x10ffff;

    private RuneSet(List<(int First, int Last)> ranges) => Ranges = ranges;

    public static RuneSet Any { get; } = Of((0, Max));

    public static RuneSet AnyButNewline { get; } = Of(('\n', '\n')).Negate();

    public IReadOnlyList<(int First, int Last)> Ranges { get; }

    /// <summary>The only code point, if there is just one.</summary>
    public int? Single => Ranges is [var (first, last)] && first == last ? first : null;

    public static RuneSet Of(params IEnumerable<(int First, int Last)> ranges)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges.OrderBy(range => range.First))
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            }
            else
            {
                merged.Add((first, last));
            }
        }

        return new RuneSet(merged);
    }

    /// <summary>Pairs of characters, each pair a range.</summary>
    public static RuneSet Of(string pairs) => Of(pairs.Chunk(2).Select(pair => ((int)pair[0], (int)pair[1])));

    public RuneSet Negate()
    {
        var gaps = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in Ranges)
        {
            if (first > next)
            {
                gaps.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Max)
        {
            gaps.Add((next, Max));
        }

        return new RuneSet(gaps);
    }

    public bool SameAs(RuneSet other) => Ranges.SequenceEqual(other.Ranges);
}
