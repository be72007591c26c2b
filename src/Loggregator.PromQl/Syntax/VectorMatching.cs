namespace Loggregator.PromQl.Syntax;

/// <summary>How the series of two vectors find each other.</summary>
/// <param name="Cardinality">How many may meet how many.</param>
/// <param name="On">Whether only the labels named count, else all but them and the name.</param>
/// <param name="Labels">The labels of <c>on</c> or <c>ignoring</c>.</param>
/// <param name="Include">The labels that <c>group_left</c> or <c>group_right</c> takes over from the side with one.</param>
public sealed record VectorMatching(MatchCardinality Cardinality, bool On, IReadOnlyList<string> Labels, IReadOnlyList<string> Include);
