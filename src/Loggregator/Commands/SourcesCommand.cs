using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Loggregator.Hosting;
using Loggregator.Terminal;
using Spectre.Console;

namespace Loggregator.Commands;

/// <summary><c>loggregator sources</c>: who is sending, how much, and since when it is held.</summary>
internal static class SourcesCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private const int TopRows = 30;

    public static Command Create(Screen screen, TimeProvider time)
    {
        var top = new Option<bool>("--top") { Description = "Live, the busiest first. Ctrl-C ends." };
        var format = new Option<string>("--format", "-o") { Description = "table or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "json");
        var command = new Command("sources", "Lists who is sending, how much, and since when it is held.") { top, format };
        var edge = new EdgeOptions(command);
        command.SetAction(async parsed =>
        {
            using var http = edge.Connect(parsed, time);
            using var signals = new Signals();
            try
            {
                if (parsed.GetValue(top))
                {
                    await TopAsync(screen, http, time, signals.Stopping);
                    return ExitCode.Done;
                }

                var text = await http.GetStringAsync("/v2/sources", signals.Stopping);
                if (parsed.GetValue(format) == "json")
                {
                    screen.Out.WriteLine(SafeText.CleanJson(text));
                }
                else
                {
                    Show(screen, SourceRow.Read(text), null, TimeSpan.Zero, int.MaxValue);
                }

                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
            {
                return parsed.GetValue(top) ? ExitCode.Done : ExitCode.Interrupted;
            }
            catch (Exception e) when (e is HttpRequestException or JsonException)
            {
                throw new CommandFailedException($"Cannot ask {edge.Url(parsed)}: {EdgeOptions.Reason(e)}");
            }
        });
        return command;
    }

    private static async Task TopAsync(Screen screen, HttpClient http, TimeProvider time, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, SourceRow>? before = null;
        var taken = time.GetTimestamp();
        while (true)
        {
            var now = SourceRow.Read(await http.GetStringAsync("/v2/sources", cancel));
            var elapsed = time.GetElapsedTime(taken);
            taken = time.GetTimestamp();
            if (screen.Colour)
            {
                screen.Out.Write("\e[H\e[J"); // home, clear
            }

            Show(screen, now, before, elapsed, TopRows);
            screen.Out.Flush();
            before = now.ToDictionary(row => row.SourceId);
            await Task.Delay(Refresh, time, cancel);
        }
    }

    private static void Show(Screen screen, List<SourceRow> rows, IReadOnlyDictionary<string, SourceRow>? before, TimeSpan elapsed, int most)
    {
        if (rows.Count == 0)
        {
            screen.Error.WriteLine("No source has sent anything yet.");
            return;
        }

        var table = new Table().Border(TableBorder.None).AddColumn("[bold]SOURCE[/]");
        foreach (var heading in new[] { "ENVELOPES", before is null ? "BYTES" : "PER SECOND", "HELD", "SINCE", "LAST", "LOST" })
        {
            table.AddColumn(new TableColumn($"[bold]{heading}[/]").RightAligned());
        }

        double Rate(SourceRow row) =>
            before is not null && elapsed > TimeSpan.Zero && before.TryGetValue(row.SourceId, out var was)
                ? Math.Max(0, row.Envelopes - was.Envelopes) / elapsed.TotalSeconds : 0;
        var ordered = before is null ? rows.OrderBy(row => row.SourceId, StringComparer.Ordinal) : rows.OrderByDescending(Rate).ThenByDescending(row => row.Envelopes);
        foreach (var row in ordered.Take(most))
        {
            table.AddRow(
                Markup.Escape(SafeText.Clean(row.SourceId)),
                Count(row.Envelopes),
                before is null ? Size(row.Bytes) : Count((long)Math.Round(Rate(row))),
                Size(row.HeldBytes),
                Clock(row.Oldest),
                Clock(row.Newest),
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

    private static string Clock(long nanoseconds) => nanoseconds == 0
        ? "-"
        : DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100).ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
