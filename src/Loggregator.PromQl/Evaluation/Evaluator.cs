using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Evaluates the expressions of one query, each over all steps at once. Who gets a matrix disposes of it.</summary>
internal sealed partial class Evaluator(
    EngineOptions options,
    StepRange query,
    Dictionary<VectorSelector, IReadOnlyList<Series>> selected,
    SampleBudget budget,
    Annotations annotations,
    Dictionary<AggregateExpr, PartialAggregation>? pushed = null)
{
    /// <summary>The value of a scalar or vector at every step.</summary>
    public StepMatrix Evaluate(Expr expr, StepRange range)
    {
        budget.Take(0);
        if (range.Count > 1 && expr is not (NumberLiteral or ParenExpr) && IsStepInvariant(expr))
        {
            return Repeat(Evaluate(expr, range with { Count = 1 }), range);
        }

        switch (expr)
        {
            case NumberLiteral number:
                return Constant(number.Value, range);
            case ParenExpr paren:
                return Evaluate(paren.Inner, range);
            case UnaryExpr unary:
                return Unary(unary, range);
            case VectorSelector vector:
                return Select(vector, range, takeTimes: false);
            case AggregateExpr aggregate:
                return Aggregate(aggregate, range);
            case BinaryExpr binary:
                return Binary(binary, range);
            default:
                return CallFunction((Call)expr, range);
        }
    }

    /// <summary>The samples of a range vector: for one step those of its window, for more all that any step's window holds.</summary>
    public List<Series> Windows(TimedExpr expr, StepRange range)
    {
        var shift = TimeShift.Of(expr, query);
        var (start, end) = (shift.Apply(range.Start), shift.Apply(range.Count == 0 ? range.Start : range.End));
        if (expr is SubqueryExpr subquery)
        {
            return Subquery(subquery, start, end);
        }

        var matrix = (MatrixSelector)expr;
        var found = new List<Series>();
        foreach (var series in selected[matrix.Selector])
        {
            var samples = Live(series.Samples.Span, start - matrix.Window, end);
            if (samples.Length > 0)
            {
                budget.Take(samples.Length);
                found.Add(series with { Samples = samples });
            }
        }

        return found;
    }

    /// <summary>Whether it has one value for all steps.</summary>
    public static bool IsStepInvariant(Expr expr) => expr switch
    {
        TimedExpr timed => timed.IsFixed,
        Call { Function.DependsOnTime: true } => false,
        _ => expr.Children.All(IsStepInvariant),
    };

    /// <summary>The samples within the times, without staleness markers.</summary>
    private static Sample[] Live(ReadOnlySpan<Sample> samples, long from, long to)
    {
        var (first, past) = (LowerBound(samples, from), LowerBound(samples, to + 1));
        var within = samples[first..past];
        var live = 0;
        foreach (var sample in within)
        {
            live += Sample.IsStale(sample.Value) ? 0 : 1;
        }

        if (live == within.Length)
        {
            return within.ToArray();
        }

        var kept = new Sample[live];
        live = 0;
        foreach (var sample in within)
        {
            if (!Sample.IsStale(sample.Value))
            {
                kept[live++] = sample;
            }
        }

        return kept;
    }

    private static int LowerBound(ReadOnlySpan<Sample> samples, long time)
    {
        var (low, high) = (0, samples.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = samples[middle].Time < time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private StepMatrix Constant(double value, StepRange range)
    {
        var matrix = new StepMatrix(range.Count, budget);
        matrix[matrix.Add(Labels.Empty, false)].Fill(value);
        return matrix;
    }

    private StepMatrix Repeat(StepMatrix once, StepRange range)
    {
        var matrix = new StepMatrix(range.Count, budget);
        for (var row = 0; row < once.Count; row++)
        {
            matrix[matrix.Add(once.Labels(row), once.DropName(row))].Fill(once[row][0]);
        }

        once.Dispose();
        return matrix;
    }

    /// <summary>An instant selector: at each step the last sample that is not too old, or its time in seconds.</summary>
    private StepMatrix Select(VectorSelector vector, StepRange range, bool takeTimes)
    {
        var matrix = new StepMatrix(range.Count, budget);
        var (shift, lookback) = (TimeShift.Of(vector, query), (long)options.Lookback.TotalMilliseconds);
        foreach (var series in selected[vector])
        {
            var samples = series.Samples.Span;
            var values = matrix[matrix.Add(series.Labels, false)];
            var next = range.Count == 0 ? 0 : LowerBound(samples, shift.Apply(range.Start));
            var any = false;
            for (var step = 0; step < range.Count; step++)
            {
                var at = shift.Apply(range[step]);
                while (next < samples.Length && samples[next].Time <= at)
                {
                    next++;
                }

                if (next > 0 && samples[next - 1].Time >= at - lookback && !Sample.IsStale(samples[next - 1].Value))
                {
                    values[step] = takeTimes ? samples[next - 1].Time / 1000.0 : samples[next - 1].Value;
                    any = true;
                }
            }

            if (!any)
            {
                matrix.RemoveLast();
            }
        }

        return matrix;
    }

    private List<Series> Subquery(SubqueryExpr subquery, long start, long end)
    {
        var interval = subquery.Step > 0 ? subquery.Step : (long)options.SubqueryStep.TotalMilliseconds;
        var first = interval * ((start - subquery.Window) / interval); // the first multiple within
        first += first < start - subquery.Window ? interval : 0;
        var range = StepRange.Between(first, end, interval, budget.Max);
        using var inner = Evaluate(subquery.Inner, range);
        var found = new List<Series>();
        for (var row = 0; row < inner.Count; row++)
        {
            var samples = StepSamples.Of(inner[row], range);
            if (samples.Length > 0)
            {
                budget.Take(samples.Length);
                found.Add(new Series(inner.DropName(row) ? inner.Labels(row).WithoutName() : inner.Labels(row), samples));
            }
        }

        return found;
    }

    private StepMatrix Unary(UnaryExpr unary, StepRange range)
    {
        var matrix = Evaluate(unary.Inner, range);
        if (!unary.Negative)
        {
            return matrix;
        }

        Map(matrix, static value => -value);
        DropNames(matrix);
        return matrix.HasDuplicates() ? throw MatrixBuilder.SameLabels() : matrix;
    }

    private static void Map(StepMatrix matrix, Func<double, double> function)
    {
        for (var row = 0; row < matrix.Count; row++)
        {
            foreach (ref var value in matrix[row])
            {
                if (!Sample.IsStale(value))
                {
                    value = function(value);
                }
            }
        }
    }

    /// <summary>Takes the metrics' names away, or marks them to go at the end.</summary>
    private void DropNames(StepMatrix matrix)
    {
        for (var row = 0; row < matrix.Count; row++)
        {
            matrix.Relabel(row, Dropped(matrix.Labels(row)), true);
        }
    }

    private Labels Dropped(Labels labels) => options.DelayedNameRemoval ? labels : labels.WithoutName();

    private StepMatrix Named(StepMatrix matrix)
    {
        DropNames(matrix);
        return MatrixBuilder.Merge(matrix, budget);
    }
}
