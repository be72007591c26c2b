namespace Loggregator.PromQl.Syntax;

/// <summary>A node of a parsed expression. <see cref="object.ToString"/> prints it so that parsing it again yields an equal one.</summary>
public abstract class Expr
{
    /// <summary>Where it stands in the query.</summary>
    public TextRange Range { get; internal set; }

    /// <summary>What it yields.</summary>
    public abstract ValueKind Kind { get; }

    /// <summary>The expressions right below, in the order of the text.</summary>
    public abstract IEnumerable<Expr> Children { get; }

    /// <summary>How many nodes the longest way down has.</summary>
    internal int Depth { get; init; } = 1;

    /// <inheritdoc/>
    public sealed override string ToString() => Printer.Print(this);

    internal static int DepthOver(params ReadOnlySpan<Expr?> children)
    {
        var deepest = 0;
        foreach (var child in children)
        {
            deepest = Math.Max(deepest, child?.Depth ?? 0);
        }

        return deepest + 1;
    }
}
