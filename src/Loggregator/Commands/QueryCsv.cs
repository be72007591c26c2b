using System.Globalization;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Syntax;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>
/// Writes answers as CSV (RFC 4180, lines end in LF), a line per sample: <c>timestamp</c> (RFC 3339, UTC, milliseconds), <c>value</c> (all its digits, or NaN,
/// +Inf, -Inf), then a column per label of the answer, by name, empty where a series lacks it.
/// </summary>
internal sealed class QueryCsv(Screen screen)
{
    private string? _header;

    /// <summary>Writes an answer, and the names of its columns when they are not those of the last one.</summary>
    public void Write(QueryResult result, DateTimeOffset now)
    {
        var names = result.Series.SelectMany(series => series.Labels.Pairs.Select(pair => pair.Key)).ToHashSet().Order(StringComparer.Ordinal).ToList();
        var header = Line(["timestamp", "value", .. names]);
        if (header != _header)
        {
            screen.Out.Write(header);
            _header = header;
        }

        if (result.Kind == ValueKind.String)
        {
            screen.Out.Write(Line([Time(now.ToUnixTimeMilliseconds()), result.Text]));
        }

        foreach (var series in result.Series)
        {
            var labels = names.Select(name => series.Labels[name]).ToList();
            foreach (var sample in series.Samples.ToArray())
            {
                screen.Out.Write(Line([Time(sample.Time), NumberText.Exact(sample.Value), .. labels]));
            }
        }
    }

    private static string Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Line(IEnumerable<string> fields) => string.Join(',', fields.Select(Field)) + "\n";

    private static string Field(string text)
    {
        var clean = SafeText.Clean(text);
        return clean.AsSpan().ContainsAny("\",\r\n") || clean.Contains('\t', StringComparison.Ordinal) ? $"\"{clean.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : clean;
    }
}
