using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Scripts;

/// <summary>Forms of an expression that yield the same from any time, because <c>@</c> says at what time it looks.</summary>
internal static class FixedTimes
{
    /// <summary>The expression as it is at its own time, and with every outer selector fixed to it at others.</summary>
    public static IEnumerable<(string Expression, long At)> Variants(string expression, long at, ParserOptions options)
    {
        yield return (expression, at);
        string text;
        try
        {
            var expr = Parser.Parse(expression, options);
            if (expr.Kind is not (ValueKind.Scalar or ValueKind.Vector) || DependsOnTime(expr))
            {
                yield break;
            }

            Fix(expr, at);
            text = expr.ToString();
        }
        catch (PromQlException)
        {
            yield break; // as the evaluation itself will tell
        }

        foreach (var other in at == 0 ? [-1000, 0, 1000] : (long[])[-10 * at, 0, at / 5, at, 10 * at])
        {
            yield return (text, other);
        }
    }

    private static bool DependsOnTime(Expr expr) => expr is Call { Function.DependsOnTime: true } || expr.Children.Any(DependsOnTime);

    private static void Fix(Expr expr, long at)
    {
        if (expr is TimedExpr timed)
        {
            (timed.Timestamp, timed.Anchor) = (timed.Timestamp ?? at, TimeAnchor.None);
            return;
        }

        foreach (var child in expr.Children)
        {
            Fix(child, at);
        }
    }
}
