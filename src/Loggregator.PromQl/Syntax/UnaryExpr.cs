namespace Loggregator.PromQl.Syntax;

/// <summary>A sign in front of an expression that is no number.</summary>
public sealed class UnaryExpr : Expr
{
    internal UnaryExpr(bool negative, Expr inner) => (Negative, Inner, Depth) = (negative, inner, DepthOver(inner));

    /// <summary>Whether it is a minus.</summary>
    public bool Negative { get; }

    /// <summary>What it stands in front of.</summary>
    public Expr Inner { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => Inner.Kind;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [Inner];
}
