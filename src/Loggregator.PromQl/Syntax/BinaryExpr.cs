namespace Loggregator.PromQl.Syntax;

/// <summary>Two expressions and an operator between them.</summary>
public sealed class BinaryExpr : Expr
{
    internal BinaryExpr(BinaryOperator op, Expr left, Expr right, bool returnBool, VectorMatching matching) =>
        (Operator, Left, Right, ReturnBool, Matching, Depth) = (op, left, right, returnBool, matching, DepthOver(left, right));

    /// <summary>The operator.</summary>
    public BinaryOperator Operator { get; }

    /// <summary>The left side.</summary>
    public Expr Left { get; }

    /// <summary>The right side.</summary>
    public Expr Right { get; }

    /// <summary>Whether a comparison yields 0 or 1 instead of filtering.</summary>
    public bool ReturnBool { get; }

    /// <summary>How vectors match; null unless both sides are vectors.</summary>
    public VectorMatching? Matching { get; internal set; }

    /// <inheritdoc/>
    public override ValueKind Kind => Left.Kind == ValueKind.Scalar && Right.Kind == ValueKind.Scalar ? ValueKind.Scalar : ValueKind.Vector;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [Left, Right];
}
