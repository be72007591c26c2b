namespace Loggregator.PromQl.Syntax;

/// <summary>A selector with a range. Its <see cref="TimedExpr"/> properties are those of the whole.</summary>
public sealed class MatrixSelector : TimedExpr
{
    internal MatrixSelector(VectorSelector selector, long window) => (Selector, Window, Depth) = (selector, window, DepthOver(selector));

    /// <summary>Which series.</summary>
    public VectorSelector Selector { get; }

    /// <summary>How many milliseconds back.</summary>
    public long Window { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Matrix;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [Selector];
}
