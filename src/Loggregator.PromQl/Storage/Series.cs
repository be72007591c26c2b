namespace Loggregator.PromQl.Storage;

/// <summary>The samples of one series within the range asked for.</summary>
/// <param name="Labels">Its labels, <c>__name__</c> among them.</param>
/// <param name="Samples">Ascending in time, no time twice; staleness markers included.</param>
public sealed record Series(Labels Labels, ReadOnlyMemory<Sample> Samples);
