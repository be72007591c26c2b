using System.Globalization;
using System.Text;

namespace Loggregator.Hosting.Telemetry;

/// <summary>Names, labels and numbers as Prometheus writes them.</summary>
internal static class PrometheusText
{
    /// <summary>For example <c>loggregator.doppler.log</c> in <c>By</c> becomes <c>loggregator_doppler_log_bytes</c>.</summary>
    public static string Name(string instrument, string? unit, bool counter)
    {
        var name = new StringBuilder(instrument.Length + 16);
        foreach (var c in instrument)
        {
            name.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
        }

        var suffix = unit switch { "By" => "_bytes", "s" => "_seconds", "ms" => "_milliseconds", "us" => "_microseconds", _ => "" };
        var text = name.ToString();
        text = text.EndsWith(suffix, StringComparison.Ordinal) ? text : text + suffix;
        return counter && !text.EndsWith("_total", StringComparison.Ordinal) ? text + "_total" : text;
    }

    /// <summary>The labels without braces.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            labels.Append(labels.Length > 0 ? "," : "");
            foreach (var c in key)
            {
                labels.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
            }

            labels.Append("=\"").Append(EscapeLabel(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")).Append('"');
        }

        return labels.ToString();
    }

    /// <summary>Shortest text that reads back as the same number.</summary>
    public static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    public static string EscapeHelp(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeLabel(string text) => EscapeHelp(text).Replace("\"", "\\\"", StringComparison.Ordinal);
}
