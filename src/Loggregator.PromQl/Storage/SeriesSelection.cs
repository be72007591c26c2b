namespace Loggregator.PromQl.Storage;

/// <summary>What one selector of a query needs.</summary>
/// <param name="Matchers">All of them must match.</param>
/// <param name="MinTime">First time needed, in milliseconds, inclusive.</param>
/// <param name="MaxTime">Last time needed, in milliseconds, inclusive.</param>
/// <param name="MaxSamples">More samples than this fail the query, so a store need not deliver more.</param>
public sealed record SeriesSelection(IReadOnlyList<LabelMatcher> Matchers, long MinTime, long MaxTime, int MaxSamples);
