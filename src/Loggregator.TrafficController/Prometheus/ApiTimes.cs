using System.Globalization;
using System.Text.RegularExpressions;
using Loggregator.PromQl.Syntax;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>Times and durations as parameters have them: seconds with fractions, RFC 3339, or a duration as in PromQL.</summary>
internal static partial class ApiTimes
{
    private const double MostSeconds = long.MaxValue / 1_000_000_000; // 64 bits of nanoseconds, as there

    /// <summary>A time in milliseconds since 1970.</summary>
    public static bool TryTime(string text, out long milliseconds)
    {
        milliseconds = 0;
        if (TrySeconds(text, out var seconds))
        {
            var whole = Math.Truncate(seconds);
            milliseconds = ((long)whole * 1000) + (long)Math.Round((seconds - whole) * 1000, MidpointRounding.AwayFromZero);
            return true;
        }

        if (Rfc3339().Match(text) is { Success: true } match
            && DateTimeOffset.TryParse(match.Groups[1].Value + match.Groups[3].Value, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            var fraction = match.Groups[2].Value.PadRight(3, '0')[..3];
            milliseconds = time.ToUnixTimeMilliseconds() + int.Parse(fraction, CultureInfo.InvariantCulture);
            return true;
        }

        return false;
    }

    /// <summary>A duration in milliseconds, fractions of one cut off.</summary>
    /// <param name="text">The text.</param>
    /// <param name="milliseconds">The duration.</param>
    /// <param name="overflows">It is one, but too long.</param>
    public static bool TryDuration(string text, out long milliseconds, out bool overflows)
    {
        milliseconds = 0;
        overflows = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) > MostSeconds;
        if (TrySeconds(text, out var seconds))
        {
            milliseconds = (long)(seconds * 1000);
            return true;
        }

        return !overflows && PromDuration.TryParse(text, out milliseconds, out _);
    }

    private static bool TrySeconds(string text, out double seconds) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out seconds)
        && Math.Abs(seconds) <= MostSeconds;

    [GeneratedRegex(@"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,18}))?(Z|[+-][0-9]{2}:[0-9]{2})$", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
