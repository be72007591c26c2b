namespace Loggregator.Load.Reporting;

/// <summary>Losses that a group was told of, over all sources.</summary>
internal sealed record GapReport(string Hop, string Reason, bool UpperBound, long Count);
