using System.Globalization;
using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Lines and trends through samples.</summary>
internal static class Regression
{
    /// <summary>Least squares: the slope per second, and the line's value at a time.</summary>
    public static (double Slope, double Intercept) Linear(ReadOnlySpan<Sample> window, long time)
    {
        var (x, y, xy, xx) = (default(KahanSum), default(KahanSum), default(KahanSum), default(KahanSum));
        var constant = true;
        foreach (var sample in window)
        {
            constant &= sample.Value == window[0].Value;
            var seconds = (sample.Time - time) / 1000.0;
            x.Add(seconds);
            y.Add(sample.Value);
            xy.Add(seconds * sample.Value);
            xx.Add(seconds * seconds);
        }

        if (constant)
        {
            return double.IsInfinity(window[0].Value) ? (double.NaN, double.NaN) : (0, window[0].Value);
        }

        var count = window.Length;
        var (sumX, sumY) = (x.Sum + x.Compensation, y.Sum + y.Compensation);
        var slope = ((xy.Sum + xy.Compensation) - (sumX * sumY / count)) / ((xx.Sum + xx.Compensation) - (sumX * sumX / count));
        return (slope, (sumY / count) - (slope * sumX / count));
    }

    /// <summary>Where the line will be some seconds after a time.</summary>
    public static double Predict(ReadOnlySpan<Sample> window, long time, double seconds)
    {
        if (window.Length < 2)
        {
            return Sample.Stale;
        }

        var (slope, intercept) = Linear(window, time);
        return (slope * seconds) + intercept;
    }

    /// <summary>Double exponential smoothing: the smoothed value at the window's end.</summary>
    public static double HoltWinters(ReadOnlySpan<Sample> window, double smoothing, double trend)
    {
        Check(smoothing, "smoothing", "sf");
        Check(trend, "trend", "tf");
        if (window.Length < 2)
        {
            return Sample.Stale;
        }

        var (before, smoothed, slope) = (0.0, window[0].Value, window[1].Value - window[0].Value);
        for (var i = 1; i < window.Length; i++)
        {
            slope = i == 1 ? slope : (trend * (smoothed - before)) + ((1 - trend) * slope);
            (before, smoothed) = (smoothed, (smoothing * window[i].Value) + ((1 - smoothing) * (smoothed + slope)));
        }

        return smoothed;
    }

    private static void Check(double factor, string name, string symbol)
    {
        if (factor is <= 0 or >= 1)
        {
            throw new PromQlException(PromQlFault.Execution, string.Create(CultureInfo.InvariantCulture, $"invalid {name} factor. Expected: 0 < {symbol} < 1, got: {factor:F6}"));
        }
    }
}
