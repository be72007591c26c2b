using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The answer to a query.</summary>
/// <param name="Kind">What it is; a range query's is always <see cref="ValueKind.Matrix"/>.</param>
/// <param name="Series">A vector's or scalar's series with one sample each, at the evaluation time, or a matrix's; a scalar's has no labels.</param>
/// <param name="Text">The value of a string.</param>
/// <param name="Annotations">Remarks on it.</param>
public sealed record QueryResult(ValueKind Kind, IReadOnlyList<Series> Series, string Text, IReadOnlyList<Annotation> Annotations);
