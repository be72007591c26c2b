using System.Globalization;

namespace Loggregator.Terminal;

/// <summary>The vertical axis of a chart: round bounds around the values, and round values in between.</summary>
internal sealed class ChartScale
{
    private const double Nothing = 1e-300; // a span with which nothing can be computed any more

    private readonly double _low, _high;
    private readonly double _step;

    /// <param name="min">The smallest finite value.</param>
    /// <param name="max">The largest one.</param>
    /// <param name="most">How many round values there may be, the bounds included; at least 2.</param>
    public ChartScale(double min, double max, int most)
    {
        if (max / 2 - min / 2 <= Math.Abs(max) * 1e-12)
        {
            // One value alone: around it.
            var around = max == 0 ? 1 : Math.Abs(max) / 2;
            (min, max) = (Math.Max(min - around, double.MinValue), Math.Min(max + around, double.MaxValue));
        }

        if (max / 2 - min / 2 < Nothing)
        {
            (min, max) = (-1, 1);
        }

        _step = Round(((max / 2) - (min / 2)) / (most - 1) * 2);
        for (; Values(min, max) > most; _step = Round(_step * 1.5))
        {
        }

        (_low, _high) = (Math.Floor(min / _step) * _step, Math.Ceiling(max / _step) * _step);
        if (!double.IsFinite(_low) || !double.IsFinite(_high))
        {
            (_low, _high) = (min, max);
        }
    }

    /// <summary>Where a finite value is: 0 at the lower bound, 1 at the upper one.</summary>
    public double Place(double value) => Math.Clamp(((value / 2) - (_low / 2)) / ((_high / 2) - (_low / 2)), 0, 1);

    /// <summary>The round values from bottom to top, and what is written beside them.</summary>
    public IEnumerable<(double Value, string Text)> Ticks()
    {
        var decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(_step) + 1e-9));
        var count = Math.Round((_high / _step) - (_low / _step));
        for (var i = 0; i <= count; i++)
        {
            var value = Math.Min(((_low / 2) + (i * (_step / 2))) * 2, _high);
            value = Math.Abs(value) < _step * 1e-9 ? 0 : value; // not quite, by rounding
            yield return (value, decimals <= 6 && Math.Max(Math.Abs(_low), Math.Abs(_high)) < 1e15
                ? value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
                : value.ToString("0.###e+00", CultureInfo.InvariantCulture));
        }
    }

    private double Values(double min, double max) => Math.Ceiling(max / _step) - Math.Floor(min / _step) + 1;

    /// <summary>The next of 1, 2 and 5 times a power of ten.</summary>
    private static double Round(double step)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        var round = power is 0 || !double.IsFinite(power) ? step : ((double[])[1, 2, 5, 10]).First(one => step <= one * power * (1 + 1e-9) || one == 10) * power;
        return double.IsFinite(round) ? round : step;
    }
}
