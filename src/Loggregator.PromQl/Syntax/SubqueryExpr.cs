namespace Loggregator.PromQl.Syntax;

/// <summary>A query within a query: an expression at steps over a range.</summary>
public sealed class SubqueryExpr : TimedExpr
{
    internal SubqueryExpr(Expr inner, long window, long step) => (Inner, Window, Step, Depth) = (inner, window, step, DepthOver(inner));

    /// <summary>What is evaluated at each step.</summary>
    public Expr Inner { get; }

    /// <summary>How many milliseconds back.</summary>
    public long Window { get; }

    /// <summary>Milliseconds from step to step; 0 means the engine's default.</summary>
    public long Step { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Matrix;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [Inner];
}
