using System.Globalization;
using Loggregator.Terminal;
using Spectre.Console;

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

        Write(rows.OrderBy(row => row.SourceId, StringComparer.Ordinal), "BYTES", row => Size(row.Bytes));
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
        Write(busiest, "PER SECOND", row => Rate(row) is { } rate ? Count((long)Math.Round(rate)) : "-");
        if (rows.Count > busiest.Count)
        {
            screen.Out.Write($"… and {Count(rows.Count - busiest.Count)} more\n");
        }

        screen.Out.Write(screen.Colour ? "" : "\n");
    }

    private void Write(IEnumerable<SourceRow> rows, string second, Func<SourceRow, string> cell)
    {
        var table = new Table().Border(TableBorder.None).AddColumn("[bold]SOURCE[/]");
        foreach (var heading in new[] { "ENVELOPES", second, "HELD", "SINCE", "LAST", "LOST" })
        {
            table.AddColumn(new TableColumn($"[bold]{heading}[/]").RightAligned().PadLeft(2));
        }

        var today = time.GetLocalNow().Date;
        foreach (var row in rows)
        {
            table.AddRow(
                Markup.Escape(SafeText.Clean(row.SourceId)),
                Count(row.Envelopes),
                cell(row),
                Size(row.HeldBytes),
                Clock(row.Oldest, today),
                Clock(row.Newest, today),
                row.Lost > 0 ? $"[red]{Count(row.Lost)}[/]" : "0");
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = screen.Colour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = screen.Colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(screen.Out),
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = screen.Colour ? Math.Max(80, console.Profile.Width) : 400; // in a pipe nothing is cut
        console.Write(table);
    }

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        >= 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 10):0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };

    /// <summary>The time of day, with the date when it is another day's.</summary>
    private static string Clock(long nanoseconds, DateTime today)
    {
        var then = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100).ToLocalTime();
        return nanoseconds == 0 ? "-" : then.ToString(then.Date == today ? "HH:mm:ss" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }
}
