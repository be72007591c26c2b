using System.Globalization;
using Spectre.Console;

namespace Loggregator.Terminal;

/// <summary>What the tables of commands have in common: how they look, and how numbers, sizes and times are written.</summary>
internal static class TableText
{
    /// <summary>A table without lines; all columns but the first are figures.</summary>
    public static Table Create(string first, params string[] figures)
    {
        var table = new Table().Border(TableBorder.None).AddColumn($"[bold]{first}[/]");
        foreach (var heading in figures)
        {
            table.AddColumn(new TableColumn($"[bold]{heading}[/]").RightAligned().PadLeft(2));
        }

        return table;
    }

    /// <summary>Writes a table, with colours on a terminal only.</summary>
    public static void Write(Screen screen, Table table)
    {
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

    /// <summary>A count, with separators.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Bytes in the largest fitting unit.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        >= 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 10):0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };

    /// <summary>The time of day of UNIX nanoseconds, with the date when it is another day's.</summary>
    public static string Clock(long nanoseconds, DateTime today)
    {
        var then = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100).ToLocalTime();
        return nanoseconds == 0 ? "-" : then.ToString(then.Date == today ? "HH:mm:ss" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }
}
