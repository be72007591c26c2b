namespace Loggregator.PromQl.Syntax;

/// <summary>A text, unquoted.</summary>
public sealed class StringLiteral(string value) : Expr
{
    /// <summary>The text.</summary>
    public string Value { get; } = value;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.String;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [];
}
