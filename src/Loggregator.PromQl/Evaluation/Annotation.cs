namespace Loggregator.PromQl.Evaluation;

/// <summary>A remark on a query's result.</summary>
/// <param name="IsWarning">Whether the result may be wrong, else it is worth knowing.</param>
/// <param name="Text">The remark with its place in the query, as Prometheus words it.</param>
public sealed record Annotation(bool IsWarning, string Text);
