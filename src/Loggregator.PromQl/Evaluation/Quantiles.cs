namespace Loggregator.PromQl.Evaluation;

/// <summary>Quantiles of values, and of the buckets of a classic histogram.</summary>
internal static class Quantiles
{
    private const double Tolerance = 1e-12;

    /// <summary>Whether <paramref name="q"/> is one at all; others still have an answer, with a warning.</summary>
    public static bool IsProper(double q) => q is >= 0 and <= 1;

    /// <summary>The quantile of values, which get sorted: interpolated between neighbours, NaN smallest.</summary>
    public static double Of(double q, Span<double> values)
    {
        if (values.IsEmpty || !IsProper(q))
        {
            return values.IsEmpty || double.IsNaN(q) ? double.NaN : q < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        values.Sort();
        var rank = q * (values.Length - 1);
        var lower = (int)Math.Max(0, Math.Floor(rank));
        var upper = Math.Min(values.Length - 1, lower + 1);
        var weight = rank - Math.Floor(rank);
        return (values[lower] * (1 - weight)) + (values[upper] * weight);
    }

    /// <summary>The quantile of cumulative buckets, sorted by bound, whose counts get mended where they fall.</summary>
    public static double OfBuckets(double q, Span<(double Bound, double Count)> buckets, out bool forced)
    {
        forced = false;
        if (!IsProper(q))
        {
            return double.IsNaN(q) ? q : q < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        if (!double.IsPositiveInfinity(buckets[^1].Bound))
        {
            return double.NaN;
        }

        buckets = Coalesce(buckets);
        forced = MakeMonotonic(buckets);
        var observations = buckets[^1].Count;
        if (buckets.Length < 2 || observations == 0)
        {
            return double.NaN;
        }

        var rank = q * observations;
        var found = 0;
        while (found < buckets.Length - 1 && !(buckets[found].Count >= rank))
        {
            found++;
        }

        if (found == buckets.Length - 1)
        {
            return buckets[^2].Bound;
        }

        var (end, count) = buckets[found];
        if (found == 0)
        {
            return end <= 0 ? end : end * (rank / count);
        }

        var (start, before) = buckets[found - 1];
        return start + ((end - start) * ((rank - before) / (count - before)));
    }

    private static Span<(double Bound, double Count)> Coalesce(Span<(double Bound, double Count)> buckets)
    {
        var last = 0;
        for (var i = 1; i < buckets.Length; i++)
        {
            if (buckets[i].Bound == buckets[last].Bound)
            {
                buckets[last].Count += buckets[i].Count;
            }
            else
            {
                buckets[++last] = buckets[i];
            }
        }

        return buckets[..(last + 1)];
    }

    private static bool MakeMonotonic(Span<(double Bound, double Count)> buckets)
    {
        var forced = false;
        var previous = buckets[0].Count;
        for (var i = 1; i < buckets.Length; i++)
        {
            var current = buckets[i].Count;
            if (AlmostEqual(previous, current, Tolerance))
            {
                buckets[i].Count = previous; // what rounding made of equal counts is no news
            }
            else if (current < previous)
            {
                buckets[i].Count = previous;
                forced = true;
            }
            else
            {
                previous = current;
            }
        }

        return forced;
    }

    /// <summary>Whether two values are the same but for a relative error; NaN equals NaN, infinities only themselves.</summary>
    public static bool AlmostEqual(double left, double right, double tolerance)
    {
        if (left == right || (double.IsNaN(left) && double.IsNaN(right)))
        {
            return true;
        }

        const double SmallestNormal = 2.2250738585072014e-308;
        var (sum, difference) = (Math.Abs(left) + Math.Abs(right), Math.Abs(left - right));
        return left == 0 || right == 0 || sum < SmallestNormal ? difference < tolerance * SmallestNormal : difference / Math.Min(sum, double.MaxValue) < tolerance;
    }
}
