namespace Loggregator.PromQl.Syntax;

/// <summary>A number; a duration in its place counts in seconds.</summary>
public sealed class NumberLiteral(double value) : Expr
{
    /// <summary>The number.</summary>
    public double Value { get; } = value;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Scalar;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [];
}
