using System.Globalization;
using System.Text;

namespace Loggregator.PromQl.Syntax;

/// <summary>Durations as Prometheus writes them: <c>1h30m</c>, units from years of 365 days to milliseconds in descending order.</summary>
public static class PromDuration
{
    private static readonly (string Unit, long Milliseconds)[] Units =
        [("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

    /// <summary>Reads a duration in milliseconds; a bare <c>0</c> is one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="milliseconds">The duration.</param>
    /// <param name="error">What Prometheus says when it is none.</param>
    public static bool TryParse(string text, out long milliseconds, out string error)
    {
        milliseconds = 0;
        error = text.Length == 0 ? "empty duration string" : "";
        if (text is "" or "0")
        {
            return text == "0";
        }

        var at = 0;
        for (var unit = 0; at < text.Length; unit++)
        {
            var digits = text.AsSpan(at);
            digits = digits[..(digits.IndexOfAnyExceptInRange('0', '9') is var end && end < 0 ? digits.Length : end)];
            var letters = text.AsSpan(at + digits.Length);
            letters = letters[..(letters.IndexOfAnyExceptInRange('a', 'z') is var stop && stop < 0 ? letters.Length : stop)];
            while (unit < Units.Length && !letters.SequenceEqual(Units[unit].Unit))
            {
                unit++;
            }

            if (digits.IsEmpty || unit == Units.Length)
            {
                error = $"not a valid duration string: {GoText.Quote(text)}";
                return false;
            }

            // As nanoseconds it must fit into 64 bits, as it does there.
            if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                || (Int128)count * Units[unit].Milliseconds + milliseconds > long.MaxValue / 1_000_000)
            {
                error = "duration out of range";
                return false;
            }

            milliseconds += count * Units[unit].Milliseconds;
            at += digits.Length + letters.Length;
        }

        return true;
    }

    /// <summary>Writes a duration of zero or more milliseconds. Years and weeks are used only where nothing remains.</summary>
    public static string Format(long milliseconds)
    {
        if (milliseconds == 0)
        {
            return "0s";
        }

        var text = new StringBuilder();
        foreach (var (unit, size) in Units)
        {
            var count = milliseconds / size;
            if (count > 0 && (unit is not ("y" or "w") || milliseconds % size == 0))
            {
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
                milliseconds -= count * size;
            }
        }

        return text.ToString();
    }
}
