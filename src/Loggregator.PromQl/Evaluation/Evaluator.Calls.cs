using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Function calls.</summary>
internal sealed partial class Evaluator
{
    private static readonly string[] CounterSuffixes = ["_total", "_sum", "_count", "_bucket"];

    private StepMatrix CallFunction(Call call, StepRange range)
    {
        var name = call.Function.Name;
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            if (call.Arguments[i].Kind == ValueKind.Matrix)
            {
                return OverWindows(call, (TimedExpr)ParenExpr.Unwrap(call.Arguments[i]), range);
            }
        }

        if (InstantFunctions.Find(name) is { } function)
        {
            var matrix = call.Arguments.Count == 0 ? Times(range) : Evaluate(call.Arguments[0], range);
            Map(matrix, function);
            return Named(matrix);
        }

        switch (name)
        {
            case "pi":
                return Constant(Math.PI, range);
            case "time":
                return Times(range);
            case "vector":
                return Evaluate(call.Arguments[0], range);
            case "scalar":
                return ToScalar(Evaluate(call.Arguments[0], range), range);
            case "timestamp":
                return Timestamps(call.Arguments[0], range);
            case "absent":
                return Absent(call, range);
            case "clamp":
                return WithScalars(call, range, Clamp);
            case "clamp_max":
                return WithScalars(call, range, static (value, max, _) => Math.Min(max, value));
            case "clamp_min":
                return WithScalars(call, range, static (value, min, _) => Math.Max(min, value));
            case "round":
                return WithScalars(call, range, static (value, nearest, _) => InstantFunctions.Round(value, nearest));
            case "histogram_quantile":
                return HistogramQuantile(call, range);
            case "label_replace":
                return LabelFunctions.Replace(call, Evaluate(call.Arguments[0], range));
            case "label_join":
                return LabelFunctions.Join(call, Evaluate(call.Arguments[0], range));
            case "sort" or "sort_desc" or "sort_by_label" or "sort_by_label_desc":
                return Sorting.Sort(call, Evaluate(call.Arguments[0], range));
            default:
                // The functions of native histograms find none among floats.
                return new StepMatrix(range.Count, budget);
        }
    }

    private static double Clamp(double value, double min, double max) => max < min ? Sample.Stale : Math.Max(min, Math.Min(max, value));

    private StepMatrix Times(StepRange range)
    {
        var matrix = Constant(0, range);
        for (var step = 0; step < range.Count; step++)
        {
            matrix[0][step] = range[step] / 1000.0;
        }

        return matrix;
    }

    private StepMatrix ToScalar(StepMatrix vector, StepRange range)
    {
        var matrix = Constant(double.NaN, range);
        for (var step = 0; step < range.Count; step++)
        {
            var count = 0;
            for (var row = 0; row < vector.Count && count < 2; row++)
            {
                if (!Sample.IsStale(vector[row][step]))
                {
                    matrix[0][step] = count++ == 0 ? vector[row][step] : double.NaN;
                }
            }
        }

        vector.Dispose();
        return matrix;
    }

    private StepMatrix Timestamps(Expr argument, StepRange range)
    {
        if (ParenExpr.Unwrap(argument) is VectorSelector selector)
        {
            return Named(Select(selector, range, takeTimes: true));
        }

        var matrix = Evaluate(argument, range);
        for (var row = 0; row < matrix.Count; row++)
        {
            for (var step = 0; step < range.Count; step++)
            {
                ref var value = ref matrix[row][step];
                value = Sample.IsStale(value) ? value : range[step] / 1000.0;
            }
        }

        return Named(matrix);
    }

    /// <summary>A function of a vector and up to two scalars; 1 stands for one not given.</summary>
    private StepMatrix WithScalars(Call call, StepRange range, Func<double, double, double, double> function)
    {
        var matrix = Evaluate(call.Arguments[0], range);
        using var first = call.Arguments.Count > 1 ? Evaluate(call.Arguments[1], range) : Constant(1, range);
        using var second = call.Arguments.Count > 2 ? Evaluate(call.Arguments[2], range) : Constant(1, range);
        for (var row = 0; row < matrix.Count; row++)
        {
            for (var step = 0; step < range.Count; step++)
            {
                ref var value = ref matrix[row][step];
                value = Sample.IsStale(value) ? value : function(value, first[0][step], second[0][step]);
            }
        }

        return Named(matrix);
    }

    private StepMatrix Absent(Call call, StepRange range)
    {
        using var argument = Evaluate(call.Arguments[0], range);
        var matrix = new StepMatrix(range.Count, budget);
        var row = matrix.Add(LabelFunctions.OfAbsent(call.Arguments[0]), false);
        matrix[row].Fill(1);
        for (var other = 0; other < argument.Count; other++)
        {
            for (var step = 0; step < range.Count; step++)
            {
                matrix[row][step] = Sample.IsStale(argument[other][step]) ? matrix[row][step] : Sample.Stale;
            }
        }

        return matrix;
    }

    /// <summary>
    /// A function of a range vector: one pass over each series, along which the window moves from step to step.
    /// </summary>
    private StepMatrix OverWindows(Call call, TimedExpr argument, StepRange range)
    {
        var name = call.Function.Name;
        var (function, scalars) = (RangeFunctions.Of(call), new List<StepMatrix>());
        foreach (var scalar in call.Arguments.Where(other => other.Kind == ValueKind.Scalar))
        {
            scalars.Add(Evaluate(scalar, range));
        }

        var (series, shift) = (Windows(argument, range), TimeShift.Of(argument, query));
        var window = argument is SubqueryExpr subquery ? subquery.Window : ((MatrixSelector)argument).Window;
        var matrix = new StepMatrix(range.Count, budget);
        foreach (var one in series)
        {
            var drop = name != "last_over_time";
            var row = matrix.Add(drop ? Dropped(one.Labels) : one.Labels, drop);
            var samples = one.Samples.Span;
            var (first, past, any) = (0, 0, false);
            for (var step = 0; step < range.Count; step++)
            {
                var end = shift.Apply(range[step]);
                while (past < samples.Length && samples[past].Time <= end)
                {
                    past++;
                }

                while (first < past && samples[first].Time < end - window)
                {
                    first++;
                }

                if (first < past)
                {
                    var context = new WindowContext(range[step], end - window, end, At(scalars, 0, step), At(scalars, 1, step), annotations, call);
                    var value = matrix[row][step] = function(samples[first..past], context);
                    any |= !Sample.IsStale(value);
                }
            }

            if (!any)
            {
                matrix.RemoveLast();
            }
            else if (name is "rate" or "increase" && one.Labels.Name is { Length: > 0 } metric && !CounterSuffixes.Any(suffix => metric.EndsWith(suffix, StringComparison.Ordinal)))
            {
                annotations.MaybeNoCounter(metric, call.Arguments[0]);
            }
        }

        budget.Return(series.Sum(one => (long)one.Samples.Length));
        scalars.ForEach(static scalar => scalar.Dispose());
        return name == "absent_over_time" ? AbsentOverTime(call, matrix, range)
            : matrix.HasDuplicates() ? throw MatrixBuilder.SameLabels()
            : matrix;
    }

    private static double At(List<StepMatrix> scalars, int index, int step) => index < scalars.Count ? scalars[index][0][step] : double.NaN;

    private StepMatrix AbsentOverTime(Call call, StepMatrix present, StepRange range)
    {
        var matrix = new StepMatrix(range.Count, budget);
        var row = matrix.Add(LabelFunctions.OfAbsent(call.Arguments[0]), true);
        for (var step = 0; step < range.Count; step++)
        {
            var any = false;
            for (var other = 0; other < present.Count && !any; other++)
            {
                any = !Sample.IsStale(present[other][step]);
            }

            matrix[row][step] = any ? Sample.Stale : 1;
        }

        present.Dispose();
        return matrix;
    }

    private StepMatrix HistogramQuantile(Call call, StepRange range)
    {
        using var quantile = Evaluate(call.Arguments[0], range);
        using var vector = Evaluate(call.Arguments[1], range);
        return new HistogramBuckets(vector, call, annotations, budget).Quantile(quantile[0], Dropped);
    }
}
