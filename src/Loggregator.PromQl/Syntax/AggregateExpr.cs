namespace Loggregator.PromQl.Syntax;

/// <summary>An aggregation over series.</summary>
public sealed class AggregateExpr : Expr
{
    private static readonly string[] Names =
        ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk", "limitk", "limit_ratio", "quantile", "count_values"];

    internal AggregateExpr(Aggregator op, Expr inner, Expr? parameter, IReadOnlyList<string> grouping, bool without) =>
        (Operator, Inner, Parameter, Grouping, Without, Depth) = (op, inner, parameter, grouping, without, DepthOver(inner, parameter));

    /// <summary>The operator.</summary>
    public Aggregator Operator { get; }

    /// <summary>What is aggregated.</summary>
    public Expr Inner { get; }

    /// <summary>The parameter of those that take one.</summary>
    public Expr? Parameter { get; }

    /// <summary>The labels of <c>by</c> or <c>without</c>.</summary>
    public IReadOnlyList<string> Grouping { get; }

    /// <summary>Whether the labels are those to leave out.</summary>
    public bool Without { get; }

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Vector;

    /// <inheritdoc/>
    public override IEnumerable<Expr> Children => Parameter is null ? [Inner] : [Parameter, Inner];

    internal static string NameOf(Aggregator op) => Names[(int)op];

    internal static Aggregator Read(string name) => (Aggregator)Array.IndexOf(Names, name);
}
