using Loggregator.Load.Accounting;

namespace Loggregator.Load.Reporting;

/// <summary>
/// Balances what a group received against what was sent, source by source: what is missing must be what the gap records say; records marked
/// upper bound say at most.
/// </summary>
internal static class Account
{
    public static (IReadOnlyList<SourceReport> Sources, bool Holds) Of(Tally tally, ReadOnlySpan<long> sent)
    {
        var bySource = tally.Gaps.ToLookup(g => g.Key.Source);
        var folded = bySource[-1].Sum(g => g.Value);
        List<SourceReport> sources = [];
        long unexplained = 0;
        var holds = tally.Damaged == 0;
        for (var i = 0; i < tally.Expected; i++)
        {
            var missing = sent[i] - tally.Received[i];
            var exact = bySource[i].Where(g => !g.Key.UpperBound).Sum(g => g.Value);
            var upper = bySource[i].Where(g => g.Key.UpperBound).Sum(g => g.Value);
            var balanced = exact <= missing && missing <= exact + upper;
            unexplained += Math.Max(missing - exact - upper, 0);
            holds &= balanced || missing > exact + upper;
            if (missing != 0 || exact + upper != 0 || tally.Duplicates[i] != 0)
            {
                var gaps = bySource[i].ToDictionary(g => $"{g.Key.Hop}/{g.Key.Reason}{(g.Key.UpperBound ? "/upper" : "")}", g => g.Value);
                sources.Add(new SourceReport(i, sent[i], tally.Received[i], tally.Duplicates[i], gaps, balanced));
            }
        }

        // Tiers fold the counts of sources beyond their tables into `other`: then only the sum can be checked.
        return (sources, holds && unexplained == folded);
    }
}
