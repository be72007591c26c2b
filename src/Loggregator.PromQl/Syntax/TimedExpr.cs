namespace Loggregator.PromQl.Syntax;

/// <summary>What <c>offset</c> and <c>@</c> can follow.</summary>
public abstract class TimedExpr : Expr
{
    /// <summary>How many milliseconds before the evaluation time it looks; negative looks ahead.</summary>
    public long Offset { get; internal set; }

    /// <summary>The time of <c>@</c> in milliseconds since 1970, in place of the evaluation time.</summary>
    public long? Timestamp { get; internal set; }

    /// <summary>Whether <c>@</c> names an end of the query's range.</summary>
    public TimeAnchor Anchor { get; internal set; }

    /// <summary>Whether <c>@</c> is there.</summary>
    internal bool IsFixed => Timestamp is not null || Anchor != TimeAnchor.None;
}
