using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>A store's answer to an aggregation: each matching series is in one of the parts or in the rest.</summary>
/// <param name="Parts">What the parts of the store came to.</param>
/// <param name="Rest">Series that no part accounts for.</param>
/// <param name="Warnings">What the user should know, such as that a part of the store did not answer.</param>
public sealed record AggregatedSeries(IReadOnlyList<PartialGroups> Parts, IReadOnlyList<Series> Rest, IReadOnlyList<string> Warnings);
