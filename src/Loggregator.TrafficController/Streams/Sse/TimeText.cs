using System.Buffers;
using System.Globalization;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>A point in time as people write it.</summary>
internal static class TimeText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>UNIX nanoseconds, RFC 3339, or a duration before now made of d, h, m, s, ms parts.</summary>
    public static bool TryParse(string text, DateTimeOffset now, out long timestamp)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out timestamp))
        {
            return true;
        }

        if (TryParseDuration(text, out var duration))
        {
            timestamp = Nanoseconds(now - duration);
            return true;
        }

        if (text.Contains('T', StringComparison.OrdinalIgnoreCase)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            timestamp = Nanoseconds(time);
            return true;
        }

        return false;
    }

    private static long Nanoseconds(DateTimeOffset time) => Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks) * 100;

    private static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits);
            var unit = letters < 0 ? rest : rest[..letters];
            var seconds = unit switch { "d" => 86_400, "h" => 3_600, "m" => 60, "s" => 1, "ms" => 0.001, _ => -1 };
            if (seconds < 0 || number * seconds > 1e9)
            {
                return false;
            }

            duration += TimeSpan.FromSeconds(number * seconds);
            rest = rest[unit.Length..];
        }

        return text.Length > 0;
    }
}
