namespace Loggregator.Pipeline.Series;

/// <summary>
/// Values that are decimals with a few digits behind the point, as whole numbers of a power of ten. Only where dividing again gives each value
/// bit for bit.
/// </summary>
internal static class DecimalScale
{
    /// <summary>The most digits behind the point.</summary>
    public const int MaxDigits = 9;

    private const double MaxExact = 9007199254740992; // 2^53: every whole number up to it is a double
    private const double MaxWhole = 9223372036854774784; // the largest double below 2^63
    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    /// <summary>Finds the fewest digits that do for all samples, and gives the whole numbers.</summary>
    public static bool TryScale(ReadOnlySpan<Sample> samples, Span<long> numbers, out int digits)
    {
        digits = 0;
        var at = 0;
        while (at < samples.Length)
        {
            if (TryScale(samples[at].Value, digits, out numbers[at]))
            {
                at++;
                continue;
            }

            var needed = digits + 1;
            while (needed <= MaxDigits && !TryScale(samples[at].Value, needed, out _))
            {
                needed++;
            }

            if (needed > MaxDigits)
            {
                return false;
            }

            digits = needed;
            at = 0; // those before it may not fit any more
        }

        return true;
    }

    /// <summary>The value of a whole number.</summary>
    public static double Unscale(long number, int digits) => digits == 0 ? number : number / Powers[digits];

    private static bool TryScale(double value, int digits, out long number)
    {
        var scaled = digits == 0 ? value : Math.Round(value * Powers[digits]);
        var inRange = Math.Abs(scaled) <= (digits == 0 ? MaxWhole : MaxExact); // false of a NaN
        number = inRange ? (long)scaled : 0;
        return inRange && BitConverter.DoubleToInt64Bits(Unscale(number, digits)) == BitConverter.DoubleToInt64Bits(value);
    }
}
