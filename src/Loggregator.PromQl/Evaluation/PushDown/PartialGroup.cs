using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>What an aggregation over some of its series came to for one group; of <c>topk</c> and <c>bottomk</c>, one of the series chosen.</summary>
/// <param name="Labels">The group's.</param>
/// <param name="DropName">Whether the metric's name goes at the end of the evaluation.</param>
/// <param name="Values">One a step: sums, counts, extremes, chosen values; the staleness marker where there is none.</param>
/// <param name="Compensations">Of sums, what their rounding lost; none if it lost nothing.</param>
/// <param name="Counts">Of averages, how many samples a sum has; negative where the value is their mean, because the sum is too large. Else none.</param>
public sealed record PartialGroup(
    Labels Labels, bool DropName, ReadOnlyMemory<double> Values, ReadOnlyMemory<double> Compensations, ReadOnlyMemory<double> Counts);
