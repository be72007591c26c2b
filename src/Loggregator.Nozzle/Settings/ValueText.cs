using System.Globalization;

namespace Loggregator.Nozzle.Settings;

/// <summary>Values as users write them: durations such as <c>10s</c> or <c>5m</c>, sizes such as <c>64MiB</c>, lists with commas.</summary>
internal static class ValueText
{
    private static readonly (string Suffix, long Factor)[] Sizes =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    private static readonly (string Suffix, double Seconds)[] Durations = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>Reads a value of a type; false when it is not one, and <paramref name="expected"/> then says what is.</summary>
    public static bool TryRead(Type type, IReadOnlyList<string> values, out object? result, out string expected)
    {
        var text = values.Count == 1 ? values[0].Trim() : "";
        (result, expected) = (null, "");
        if (type == typeof(string[]))
        {
            result = values.SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
        }
        else if (values.Count != 1)
        {
            expected = "one value, not a list";
        }
        else if (type == typeof(string))
        {
            result = text;
        }
        else if (type == typeof(bool))
        {
            result = text.ToLowerInvariant() switch { "true" or "yes" or "1" => true, "false" or "no" or "0" => false, _ => null };
            expected = "true or false";
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            result = TryReadSize(text, out var size) && (type == typeof(long) || size <= int.MaxValue) ? (type == typeof(int) ? (object)(int)size : size) : null;
            expected = "a whole number, also with KiB, MiB or GiB";
        }
        else if (type == typeof(double))
        {
            result = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
            expected = "a number";
        }
        else if (type == typeof(TimeSpan))
        {
            result = TryReadDuration(text, out var duration) ? duration : null;
            expected = "a duration such as 500ms, 10s, 5m or 00:00:10";
        }
        else if (type.IsEnum)
        {
            result = Enum.TryParse(type, text, ignoreCase: true, out var value) && Enum.IsDefined(type, value) ? value : null;
            expected = "one of " + string.Join(", ", Enum.GetNames(type)).ToLowerInvariant();
        }

        return result is not null;
    }

    /// <summary>The text of a value, such that it can be written again.</summary>
    public static string Write(object? value) => value switch
    {
        null => "",
        bool yes => yes ? "true" : "false",
        string[] list => string.Join(",", list),
        TimeSpan span => WriteDuration(span),
        Enum name => name.ToString().ToLowerInvariant(),
        IEnumerable<KeyValuePair<string, string>> map => string.Join(",", map.Select(entry => $"{entry.Key}={entry.Value}")),
        System.Collections.ICollection { Count: 0 } => "",
        long bytes => WriteSize(bytes),
        int bytes => WriteSize(bytes),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Reads <c>10s</c>, <c>5m</c>, <c>1h30m</c> is not one, <c>00:05:00</c>; a bare number is seconds.</summary>
    public static bool TryReadDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
        }

        (string suffix, double seconds) = Durations.FirstOrDefault(d => text.EndsWith(d.Suffix, StringComparison.Ordinal), (Suffix: "", Seconds: 1));
        if (!double.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * seconds > TimeSpan.MaxValue.TotalSeconds / 2)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(number * seconds);
        return true;
    }

    private static bool TryReadSize(string text, out long size)
    {
        (string suffix, long factor) = Sizes.FirstOrDefault(s => text.EndsWith(s.Suffix, StringComparison.Ordinal), (Suffix: "", Factor: 1L));
        var digits = text.AsSpan(0, text.Length - suffix.Length).TrimEnd();
        if (!long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out size) || Math.Abs(size) > long.MaxValue / factor)
        {
            return false;
        }

        size *= factor;
        return true;
    }

    private static string WriteSize(long size) => size switch
    {
        > 0 when size % (1L << 30) == 0 => $"{size >> 30}GiB",
        > 0 when size % (1L << 20) == 0 => $"{size >> 20}MiB",
        _ => size.ToString(CultureInfo.InvariantCulture),
    };

    private static string WriteDuration(TimeSpan span) => span.TotalSeconds switch
    {
        >= 60 when span.Ticks % TimeSpan.TicksPerMinute == 0 => $"{(long)span.TotalMinutes}m",
        var seconds when span.Ticks % TimeSpan.TicksPerSecond == 0 => $"{(long)seconds}s",
        _ => $"{(long)span.TotalMilliseconds}ms",
    };
}
