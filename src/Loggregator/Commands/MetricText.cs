using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Loggregator.Client;

namespace Loggregator.Commands;

/// <summary>Metrics as they are written on a command line.</summary>
internal static class MetricText
{
    /// <summary><c>name=delta</c>.</summary>
    public static bool TryCounter(string text, [NotNullWhen(true)] out string? name, out ulong delta)
    {
        (name, var value) = Split(text);
        return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out delta) && name is not null;
    }

    /// <summary><c>name=value[unit]</c>, for example <c>cpu=12.5percent</c>.</summary>
    public static bool TryGauge(string text, out GaugeReading metric)
    {
        metric = default;
        var (name, value) = Split(text);
        var length = value.Length;
        while (length > 0)
        {
            if (double.TryParse(value.AsSpan(0, length), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            {
                metric = new GaugeReading(name ?? "", number, value[length..].Trim());
                return name is not null;
            }

            length--;
        }

        return false;
    }

    /// <summary><c>title=body</c>.</summary>
    public static bool TryEvent(string text, [NotNullWhen(true)] out string? title, out string body)
    {
        (title, body) = Split(text);
        return title is not null;
    }

    private static (string? Name, string Value) Split(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (text[..equals], text[(equals + 1)..]) : (null, "");
    }
}
