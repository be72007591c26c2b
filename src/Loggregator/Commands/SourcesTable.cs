using System.Globalization;
using Loggregator.Terminal;
using Spectre.Console;
using static Loggregator.Terminal.TableText;

namespace Loggregator.Commands;

/// <summary>Shows sources as a table: all by name, or the busiest at a moment.</summary>
internal sealed class SourcesTable(Screen screen, TimeProvider time)
{
    private const int RowsInPipe = 30;
    private const int OtherLines = 4; // beside the rows: the title, the headings, what is left out, the cursor's

    /// <summary>All sources by name.</summary>
    public void Show(IReadOnlyCollection<SourceRow> rows)
    {
        if (rows.Count == 0)
        {
            screen.Error.WriteLine("No source has sent anything yet.");
            return;
        }

        Write(rows.OrderBy(row => row.SourceId, StringComparer.Ordinal), row => Count((long)Math.Round(row.HeldRate)));
    }

    /// <summary>The busiest sources since <paramref name="before"/>, as many as the terminal has lines; on a terminal in place of what was there.</summary>
    public void ShowTop(IReadOnlyCollection<SourceRow> rows, IReadOnlyDictionary<string, SourceRow> before, TimeSpan elapsed, string url)
    {
        double? Rate(SourceRow row) => before.TryGetValue(row.SourceId, out var was) ? Math.Max(0, row.Envelopes - was.Envelopes) / elapsed.TotalSeconds : null;
        var most = screen.Colour ? Math.Max(1, AnsiConsole.Profile.Height - OtherLines) : RowsInPipe;
        var busiest = rows.OrderByDescending(row => Rate(row) ?? 0).ThenByDescending(row => row.Envelopes).Take(most).ToList();
        var total = rows.Sum(row => Rate(row) ?? 0);
        var title = $"{time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  {Count(rows.Count)} sources, {Count((long)Math.Round(total))} envelopes a second";
        screen.Out.Write(screen.Colour ? $"\e[H\e[J{title}  \e[2m{url}, Ctrl-C ends\e[0m\n" : title + "\n");
        Write(busiest, row => Rate(row) is { } rate ? Count((long)Math.Round(rate)) : "-");
        if (rows.Count > busiest.Count)
        {
            screen.Out.Write($"… and {Count(rows.Count - busiest.Count)} more\n");
        }

        screen.Out.Write(screen.Colour ? "" : "\n");
    }

    private void Write(IEnumerable<SourceRow> rows, Func<SourceRow, string> rate)
    {
        var table = TableText.Create("SOURCE", "ENVELOPES", "PER SECOND", "LOGS", "METRICS", "SERIES", "SINCE", "LAST", "EVICTED", "LOST");

        var today = time.GetLocalNow().Date;
        foreach (var row in rows)
        {
            table.AddRow(
                Markup.Escape(SafeText.Clean(row.SourceId)),
                Count(row.Envelopes),
                rate(row),
                Size(row.LogBytes),
                Size(row.MetricBytes),
                Count(row.Series),
                Clock(row.Oldest, today),
                Clock(row.Newest, today),
                Count(row.Evicted),
                row.Lost > 0 ? $"[red]{Count(row.Lost)}[/]" : "0");
        }

        TableText.Write(screen, table);
    }
}
