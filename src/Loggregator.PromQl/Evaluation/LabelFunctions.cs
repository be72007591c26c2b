using Loggregator.PromQl.Matching;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>What changes or makes labels.</summary>
internal static class LabelFunctions
{
    /// <summary><c>label_replace</c>.</summary>
    public static StepMatrix Replace(Call call, StepMatrix vector)
    {
        var (target, template, source, expression) = (Text(call, 1), Text(call, 2), Text(call, 3), Text(call, 4));
        Pattern pattern;
        try
        {
            pattern = Pattern.Compile(expression);
        }
        catch (PatternException)
        {
            throw Fail($"invalid regular expression in label_replace(): {expression}");
        }

        if (!GoText.IsPlainLabel(target))
        {
            throw Fail($"invalid destination label name in label_replace(): {target}");
        }

        return Set(vector, target, labels => pattern.Expand(labels[source], template));
    }

    /// <summary><c>label_join</c>.</summary>
    public static StepMatrix Join(Call call, StepMatrix vector)
    {
        var (target, separator) = (Text(call, 1), Text(call, 2));
        var sources = Enumerable.Range(3, call.Arguments.Count - 3).Select(i => Text(call, i)).ToList();
        if (sources.FirstOrDefault(source => !GoText.IsPlainLabel(source)) is { } bad)
        {
            throw Fail($"invalid source label name in label_join(): {bad}");
        }

        return GoText.IsPlainLabel(target)
            ? Set(vector, target, labels => string.Join(separator, sources.Select(source => labels[source])))
            : throw Fail($"invalid destination label name in label_join(): {target}");
    }

    /// <summary>The labels that an absent selector would have had: those it names with <c>=</c>, once.</summary>
    public static Labels OfAbsent(Expr expr)
    {
        var matchers = ParenExpr.Unwrap(expr) switch
        {
            VectorSelector vector => vector.Matchers,
            MatrixSelector matrix => matrix.Selector.Matchers,
            _ => [],
        };
        var known = matchers.Where(matcher => matcher.Name != Labels.MetricName).GroupBy(matcher => matcher.Name)
            .Where(group => group.Count() == 1 && group.First().Operator == MatchOperator.Equal);
        return Labels.Of(known.Select(group => KeyValuePair.Create(group.Key, group.First().Value)));
    }

    public static string Text(Call call, int argument) => ((StringLiteral)ParenExpr.Unwrap(call.Arguments[argument])).Value;

    private static PromQlException Fail(string message) => new(PromQlFault.Execution, message);

    private static StepMatrix Set(StepMatrix vector, string target, Func<Labels, string?> value)
    {
        for (var row = 0; row < vector.Count; row++)
        {
            if (value(vector.Labels(row)) is { } text)
            {
                vector.Relabel(row, vector.Labels(row).With(target, text), target != Labels.MetricName && vector.DropName(row));
            }
        }

        return vector.HasDuplicates() ? throw MatrixBuilder.SameLabels() : vector;
    }
}
