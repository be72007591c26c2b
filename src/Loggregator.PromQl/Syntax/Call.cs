namespace Loggregator.PromQl.Syntax;

/// <summary>A function and its arguments.</summary>
public sealed class Call : Expr
{
    internal Call(FunctionSignature function, IReadOnlyList<Expr> arguments) =>
        (Function, Arguments, Depth) = (function, arguments, DepthOver([.. arguments]));

    /// <summary>The arguments.</summary>
    public IReadOnlyList<Expr> Arguments { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => Function.Returns;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => Arguments;

    internal FunctionSignature Function { get; }
}
