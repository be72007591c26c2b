namespace Loggregator.PromQl.Syntax;

/// <summary>The aggregation operators; those from <see cref="TopK"/> on take a parameter.</summary>
public enum Aggregator
{
    /// <summary><c>sum</c>.</summary>
    Sum,

    /// <summary><c>avg</c>.</summary>
    Avg,

    /// <summary><c>count</c>.</summary>
    Count,

    /// <summary><c>min</c>.</summary>
    Min,

    /// <summary><c>max</c>.</summary>
    Max,

    /// <summary><c>group</c>.</summary>
    Group,

    /// <summary><c>stddev</c>.</summary>
    StdDev,

    /// <summary><c>stdvar</c>.</summary>
    StdVar,

    /// <summary><c>topk</c>.</summary>
    TopK,

    /// <summary><c>bottomk</c>.</summary>
    BottomK,

    /// <summary><c>limitk</c>, experimental.</summary>
    LimitK,

    /// <summary><c>limit_ratio</c>, experimental.</summary>
    LimitRatio,

    /// <summary><c>quantile</c>.</summary>
    Quantile,

    /// <summary><c>count_values</c>.</summary>
    CountValues,
}
