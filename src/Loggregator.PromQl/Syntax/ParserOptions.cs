namespace Loggregator.PromQl.Syntax;

/// <summary>What a parser takes.</summary>
public sealed record ParserOptions
{
    /// <summary>Whether functions and aggregators that Prometheus calls experimental are known: <c>mad_over_time</c>, <c>sort_by_label</c>, <c>sort_by_label_desc</c>, <c>limitk</c>, <c>limit_ratio</c>.</summary>
    public bool ExperimentalFunctions { get; init; }

    /// <summary>The longest query taken, in characters.</summary>
    public int MaxLength { get; init; } = 128 * 1024;

    /// <summary>How deep an expression may be; a chain of operators is as deep as it is long.</summary>
    public int MaxDepth { get; init; } = 1000;
}
