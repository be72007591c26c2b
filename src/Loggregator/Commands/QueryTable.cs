using System.Globalization;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>Shows an answer to people: a number, a table of series, or what series did in a range as a chart and a table.</summary>
internal sealed class QueryTable(Screen screen, TimeProvider time)
{
    /// <summary>Series of a range that a chart tells apart.</summary>
    public const int MostLines = LineChart.MostLines;

    private const int Narrow = 80; // of a pipe

    /// <summary>Writes an answer.</summary>
    /// <param name="result">It.</param>
    /// <param name="most">Series that are shown at most.</param>
    /// <param name="step">How far apart the samples of a range are; null for those of a range vector, which come as they came.</param>
    /// <param name="height">Lines of the chart's field.</param>
    /// <param name="asked">The range of a range query, which its samples need not fill.</param>
    public void Show(QueryResult result, int most, TimeSpan? step, int height, (DateTimeOffset Start, DateTimeOffset End)? asked)
    {
        switch (result.Kind)
        {
            case ValueKind.String:
                screen.Out.Write(SafeText.Clean(result.Text) + "\n");
                break;
            case ValueKind.Scalar:
                screen.Out.Write(NumberText.Readable(result.Series[0].Samples.Span[0].Value) + "\n");
                break;
            case var _ when result.Series.Count == 0:
                screen.Error.WriteLine("No series has a value there.");
                break;
            case ValueKind.Vector:
                new SeriesColumns(result.Series).Write(
                    screen,
                    result.Series.Take(most).Select(series => ("", series.Labels, (string[])[Value(series)])),
                    "VALUE");
                break;
            default:
                ShowRange(result.Series, most, step, height, asked);
                break;
        }

        if (result.Series.Count > most)
        {
            screen.Out.Write($"… and {TableText.Count(result.Series.Count - most)} more series; --lines says how many are shown\n");
        }
    }

    private static string Value(Series series) => series.Samples.Length > 0 ? NumberText.Readable(series.Samples.Span[^1].Value) : "-";

    private void ShowRange(IReadOnlyList<Series> series, int most, TimeSpan? step, int height, (DateTimeOffset Start, DateTimeOffset End)? asked)
    {
        var shown = series.Take(most).ToList();
        var lines = shown.Take(MostLines).Select(one => one.Samples).ToList();
        var times = series.Where(one => one.Samples.Length > 0).SelectMany(one => (long[])[one.Samples.Span[0].Time, one.Samples.Span[^1].Time]).DefaultIfEmpty().ToList();
        var from = asked?.Start.ToUnixTimeMilliseconds() ?? times.Min();
        var to = asked?.End.ToUnixTimeMilliseconds() ?? times.Max();
        var width = screen.Colour ? Math.Max(40, Spectre.Console.AnsiConsole.Profile.Width) : Narrow;
        var chart = new LineChart(width, height, screen.Colour, time.LocalTimeZone);
        foreach (var row in chart.Draw(lines, from, to, step is { } apart ? (long)(apart.TotalMilliseconds * 1.5) : long.MaxValue))
        {
            screen.Out.Write(row + "\n");
        }

        screen.Out.Write("\n");
        new SeriesColumns(series).Write(
            screen,
            shown.Select((one, i) => (i < MostLines ? LineChart.Mark(i, lines.Count, screen.Colour) : "", one.Labels, Figures(one))),
            "LAST", "MIN", "MAX", "AVG");
        var covered = DateTimeOffset.FromUnixTimeMilliseconds(to) - DateTimeOffset.FromUnixTimeMilliseconds(from);
        screen.Out.Write(step is null ? "" : string.Create(CultureInfo.InvariantCulture,
            $"{PromDuration.Format((long)covered.TotalMilliseconds)} every {PromDuration.Format((long)step.Value.TotalMilliseconds)}\n"));
    }

    private static string[] Figures(Series series)
    {
        var values = new SampleSummary(series.Samples.Span);
        return [Value(series), NumberText.Readable(values.Min), NumberText.Readable(values.Max), NumberText.Readable(values.Average)];
    }
}
