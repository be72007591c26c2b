using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Syntax;

/// <summary>A selector of series.</summary>
public sealed class VectorSelector(string name, IReadOnlyList<LabelMatcher> matchers) : TimedExpr
{
    /// <summary>The metric's name before the braces, or "".</summary>
    public string Name { get; } = name;

    /// <summary>All matchers, that of the name in front of the braces last.</summary>
    public IReadOnlyList<LabelMatcher> Matchers { get; } = name.Length == 0 ? matchers : [.. matchers, new(Labels.MetricName, MatchOperator.Equal, name)];

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Vector;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => [];
}
