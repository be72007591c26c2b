using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>Which aggregations may be carried out in parts, by whoever has the series: those over an expression that looks at each series by itself.</summary>
internal static class Pushable
{
    /// <summary>The only selector of such an aggregation; null if it is none.</summary>
    public static VectorSelector? SelectorOf(AggregateExpr aggregate)
    {
        var combines = aggregate.Operator is Aggregator.Sum or Aggregator.Avg or Aggregator.Count or Aggregator.Min or Aggregator.Max or Aggregator.Group
            or Aggregator.TopK or Aggregator.BottomK;
        if (!combines || (aggregate.Parameter is not null && !SelectsNothing(aggregate.Parameter)))
        {
            return null;
        }

        // Where the metric's name is dropped, series of different names may come to have the same labels, which only who has all of them can tell.
        var selector = OfEachSeries(aggregate.Inner);
        return selector is not null && (KeepsNames(aggregate.Inner) || selector.Matchers.Any(NamesOne)) ? selector : null;
    }

    /// <summary>The first expression below, or itself, that stands at a place of the query; null if there is none.</summary>
    public static AggregateExpr? Find(Expr expr, TextRange place)
    {
        var (left, found) = (new Stack<Expr>([expr]), (AggregateExpr?)null);
        while (found is null && left.TryPop(out var next))
        {
            found = next is AggregateExpr aggregate && aggregate.Range == place ? aggregate : null;
            foreach (var child in next.Children)
            {
                left.Push(child);
            }
        }

        return found;
    }

    private static bool NamesOne(LabelMatcher matcher) => matcher is { Name: Labels.MetricName, Operator: MatchOperator.Equal, Value.Length: > 0 };

    private static VectorSelector? OfEachSeries(Expr expr) => expr switch
    {
        VectorSelector selector => selector,
        ParenExpr paren => OfEachSeries(paren.Inner),
        UnaryExpr unary => OfEachSeries(unary.Inner),
        BinaryExpr binary when binary.Right.Kind == ValueKind.Scalar && SelectsNothing(binary.Right) => OfEachSeries(binary.Left),
        BinaryExpr binary when binary.Left.Kind == ValueKind.Scalar && SelectsNothing(binary.Left) => OfEachSeries(binary.Right),
        Call call => OfCall(call),
        _ => null,
    };

    private static VectorSelector? OfCall(Call call)
    {
        VectorSelector? selector = null;
        foreach (var argument in call.Arguments)
        {
            if (argument.Kind == ValueKind.Matrix)
            {
                selector = call.Function.Name == "absent_over_time" ? null : (ParenExpr.Unwrap(argument) as MatrixSelector)?.Selector;
            }
            else if (argument.Kind == ValueKind.Vector)
            {
                selector = IsOfOneValue(call.Function.Name) ? OfEachSeries(argument) : null;
            }
            else if (!SelectsNothing(argument))
            {
                return null;
            }
        }

        return selector;
    }

    private static bool IsOfOneValue(string function) =>
        function is "clamp" or "clamp_max" or "clamp_min" or "round" or "timestamp" || InstantFunctions.Find(function) is not null;

    private static bool KeepsNames(Expr expr) => ParenExpr.Unwrap(expr) switch
    {
        VectorSelector => true,
        Call call => call.Function.Name == "last_over_time",
        BinaryExpr { ReturnBool: false } binary when binary.Operator.IsComparison() => KeepsNames(binary.Left.Kind == ValueKind.Vector ? binary.Left : binary.Right),
        _ => false,
    };

    private static bool SelectsNothing(Expr expr) => expr is not VectorSelector && expr.Children.All(SelectsNothing);
}
