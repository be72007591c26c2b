using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation;

/// <summary>How fast a series changes.</summary>
internal static class Rates
{
    /// <summary>
    /// The change over a window, counter resets made up for, extrapolated from the samples to the window's ends: all the way where the gap is about one
    /// sample's distance, else by half of that, and for counters not past the point where they were zero.
    /// </summary>
    public static double Extrapolated(ReadOnlySpan<Sample> window, in WindowContext context, bool isCounter, bool isRate)
    {
        if (window.Length < 2)
        {
            return Sample.Stale;
        }

        var (first, last) = (window[0], window[^1]);
        var change = last.Value - first.Value;
        for (var i = 1; isCounter && i < window.Length; i++)
        {
            if (window[i].Value < window[i - 1].Value)
            {
                change += window[i - 1].Value;
            }
        }

        var toStart = (first.Time - context.Start) / 1000.0;
        var toEnd = (context.End - last.Time) / 1000.0;
        var sampled = (last.Time - first.Time) / 1000.0;
        var distance = sampled / (window.Length - 1);
        var threshold = distance * 1.1;
        if (toStart >= threshold)
        {
            toStart = distance / 2;
        }

        if (isCounter && change > 0 && first.Value >= 0)
        {
            toStart = Math.Min(toStart, sampled * (first.Value / change));
        }

        if (toEnd >= threshold)
        {
            toEnd = distance / 2;
        }

        var factor = (sampled + toStart + toEnd) / sampled;
        return change * (isRate ? factor / context.Seconds : factor);
    }

    /// <summary>The change between the last two samples, per second or not.</summary>
    public static double Instant(ReadOnlySpan<Sample> window, bool isRate)
    {
        if (window.Length < 2 || window[^1].Time == window[^2].Time)
        {
            return Sample.Stale;
        }

        var (before, last) = (window[^2], window[^1]);
        var change = isRate && last.Value < before.Value ? last.Value : last.Value - before.Value;
        return isRate ? change / ((last.Time - before.Time) / 1000.0) : change;
    }
}
