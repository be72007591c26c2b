using System.CommandLine;
using System.Text.Json;
using Loggregator.Hosting;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator sources</c>: who is sending, how much, and since when it is held.</summary>
internal static class SourcesCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

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
                    await TopAsync(screen, http, edge.Url(parsed), time, signals.Stopping);
                    return ExitCode.Done;
                }

                var text = await http.GetStringAsync("/v2/sources", signals.Stopping);
                if (parsed.GetValue(format) == "json")
                {
                    screen.Out.WriteLine(SafeText.CleanJson(text));
                }
                else
                {
                    new SourcesTable(screen, time).Show(SourceRow.Read(text));
                }

                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
            {
                if (parsed.GetValue(top) && screen.Colour)
                {
                    screen.Out.Write("\r\e[K"); // the ^C that the terminal has left there
                }

                return parsed.GetValue(top) ? ExitCode.Done : ExitCode.Interrupted;
            }
            catch (Exception e) when (e is HttpRequestException or JsonException)
            {
                throw new CommandFailedException($"Cannot ask {edge.Url(parsed)}: {EdgeOptions.Reason(e)}");
            }
        });
        return command;
    }

    private static async Task TopAsync(Screen screen, HttpClient http, string url, TimeProvider time, CancellationToken cancel)
    {
        Dictionary<string, SourceRow> before = [];
        var taken = time.GetTimestamp();
        while (true)
        {
            var now = SourceRow.Read(await http.GetStringAsync("/v2/sources", cancel));
            new SourcesTable(screen, time).ShowTop(now, before, time.GetElapsedTime(taken), url);
            taken = time.GetTimestamp();
            screen.Out.Flush();
            before = now.ToDictionary(row => row.SourceId);
            await Task.Delay(Refresh, time, cancel);
        }
    }
}
