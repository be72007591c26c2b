using System.Buffers;
using System.Collections.Frozen;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>A function over the samples of a window, of which there is at least one; the staleness marker means no result.</summary>
internal delegate double RangeFunction(ReadOnlySpan<Sample> window, in WindowContext context);

/// <summary>The functions that take a range vector.</summary>
internal static class RangeFunctions
{
    private static readonly FrozenDictionary<string, RangeFunction> All = new Dictionary<string, RangeFunction>
    {
        ["absent_over_time"] = static (_, in _) => 1,
        ["avg_over_time"] = static (window, in _) => Average(window),
        ["changes"] = static (window, in _) => Changes(window),
        ["count_over_time"] = static (window, in _) => window.Length,
        ["delta"] = static (window, in context) => Rates.Extrapolated(window, context, isCounter: false, isRate: false),
        ["deriv"] = static (window, in _) => window.Length < 2 ? Sample.Stale : Regression.Linear(window, window[0].Time).Slope,
        ["holt_winters"] = static (window, in context) => Regression.HoltWinters(window, context.First, context.Second),
        ["idelta"] = static (window, in _) => Rates.Instant(window, isRate: false),
        ["increase"] = static (window, in context) => Rates.Extrapolated(window, context, isCounter: true, isRate: false),
        ["irate"] = static (window, in _) => Rates.Instant(window, isRate: true),
        ["last_over_time"] = static (window, in _) => window[^1].Value,
        ["mad_over_time"] = static (window, in _) => MedianDeviation(window),
        ["max_over_time"] = static (window, in _) => Extreme(window, largest: true),
        ["min_over_time"] = static (window, in _) => Extreme(window, largest: false),
        ["predict_linear"] = static (window, in context) => Regression.Predict(window, context.Time, context.First),
        ["present_over_time"] = static (_, in _) => 1,
        ["quantile_over_time"] = static (window, in context) => Quantile(window, context),
        ["rate"] = static (window, in context) => Rates.Extrapolated(window, context, isCounter: true, isRate: true),
        ["resets"] = static (window, in _) => Resets(window),
        ["stddev_over_time"] = static (window, in _) => Math.Sqrt(Variance(window)),
        ["stdvar_over_time"] = static (window, in _) => Variance(window),
        ["sum_over_time"] = static (window, in _) => Sum(window),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static RangeFunction Of(Call call) => All[call.Function.Name];

    private static double Sum(ReadOnlySpan<Sample> window)
    {
        var sum = default(KahanSum);
        foreach (var sample in window)
        {
            sum.Add(sample.Value);
        }

        return sum.Value;
    }

    private static double Average(ReadOnlySpan<Sample> window)
    {
        var mean = default(RunningMean);
        foreach (var sample in window)
        {
            mean.Add(sample.Value);
        }

        return mean.Value;
    }

    private static double Variance(ReadOnlySpan<Sample> window)
    {
        var (mean, squares, count) = (default(KahanSum), default(KahanSum), 0.0);
        foreach (var sample in window)
        {
            count++;
            var delta = sample.Value - (mean.Sum + mean.Compensation);
            mean.Add(delta / count);
            squares.Add(delta * (sample.Value - (mean.Sum + mean.Compensation)));
        }

        return (squares.Sum + squares.Compensation) / count;
    }

    private static double Extreme(ReadOnlySpan<Sample> window, bool largest)
    {
        var extreme = window[0].Value;
        foreach (var sample in window)
        {
            if (double.IsNaN(extreme) || (largest ? sample.Value > extreme : sample.Value < extreme))
            {
                extreme = sample.Value;
            }
        }

        return extreme;
    }

    private static double Changes(ReadOnlySpan<Sample> window)
    {
        var changes = 0;
        for (var i = 1; i < window.Length; i++)
        {
            var (before, now) = (window[i - 1].Value, window[i].Value);
            changes += now != before && !(double.IsNaN(now) && double.IsNaN(before)) ? 1 : 0;
        }

        return changes;
    }

    private static double Resets(ReadOnlySpan<Sample> window)
    {
        var resets = 0;
        for (var i = 1; i < window.Length; i++)
        {
            resets += window[i].Value < window[i - 1].Value ? 1 : 0;
        }

        return resets;
    }

    private static double Quantile(ReadOnlySpan<Sample> window, in WindowContext context)
    {
        if (!Quantiles.IsProper(context.First))
        {
            context.Annotations.BadQuantile(context.First, context.Call.Arguments[0]);
        }

        return OverValues(window, context.First, static (q, values) => Quantiles.Of(q, values));
    }

    private static double MedianDeviation(ReadOnlySpan<Sample> window) => OverValues(window, 0.5, static (q, values) =>
    {
        var median = Quantiles.Of(q, values);
        foreach (ref var value in values)
        {
            value = Math.Abs(value - median);
        }

        return Quantiles.Of(q, values);
    });

    private static double OverValues(ReadOnlySpan<Sample> window, double q, Func<double, Span<double>, double> of)
    {
        var values = ArrayPool<double>.Shared.Rent(window.Length);
        for (var i = 0; i < window.Length; i++)
        {
            values[i] = window[i].Value;
        }

        var result = of(q, values.AsSpan(0, window.Length));
        ArrayPool<double>.Shared.Return(values);
        return result;
    }
}
