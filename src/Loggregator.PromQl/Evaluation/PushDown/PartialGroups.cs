namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>An aggregation over some of its series.</summary>
/// <param name="Groups">One for each label set.</param>
/// <param name="Samples">How many samples were read for it.</param>
/// <param name="Annotations">Remarks on it.</param>
public sealed record PartialGroups(IReadOnlyList<PartialGroup> Groups, long Samples, IReadOnlyList<Annotation> Annotations);
