namespace Loggregator.PromQl.Syntax;

/// <summary>An expression in parentheses.</summary>
public sealed class ParenExpr : Expr
{
    internal ParenExpr(Expr inner) => (Inner, Depth) = (inner, DepthOver(inner));

    /// <summary>What is inside.</summary>
    public Expr Inner { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => Inner.Kind;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [Inner];

    /// <summary>Takes the parentheses off, however many.</summary>
    internal static Expr Unwrap(Expr expr)
    {
        while (expr is ParenExpr paren)
        {
            expr = paren.Inner;
        }

        return expr;
    }
}
