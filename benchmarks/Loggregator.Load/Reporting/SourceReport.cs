namespace Loggregator.Load.Reporting;

/// <summary>The account of one source in one group; the gaps are keyed <c>hop/reason</c>, with <c>/upper</c> where the count is an upper bound.</summary>
internal sealed record SourceReport(int Source, long Sent, long Received, long Duplicates, IReadOnlyDictionary<string, long> Gaps, bool Holds);
