using System.CommandLine;
using Loggregator.Client;
using Loggregator.Client.Consume;
using Loggregator.Hosting;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator tail [SOURCE…]</c>: history, then live, without a seam.</summary>
internal static class TailCommand
{
    private const int DefaultLines = 100;

    public static Command Create(Screen screen, TimeProvider time)
    {
        var sources = Words.Argument("SOURCE", "Source ids; none: all.");
        var lines = new Option<int?>("--lines", "-n") { Description = $"Begin with so many lines of history ({DefaultLines}).", HelpName = "N" };
        lines.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 0)
            {
                result.AddError("--lines takes a number from 0 up.");
            }
        });
        var since = new Option<string>("--since")
        {
            Description = "Begin with what is not older: 10m, 1h30m, or a time such as 2026-08-22T14:00:00Z.",
            HelpName = "TIME",
            DefaultValueFactory = _ => "",
        };
        var once = new Option<bool>("--no-follow") { Description = "Print the history and end." };
        var instance = new Option<string>("--instance") { Description = "Only this instance.", HelpName = "N", DefaultValueFactory = _ => "" };
        var command = new Command("tail", "Shows what sources write: history first, then live. A source that is not there yet is waited for. Ctrl-C ends.")
        {
            sources, lines, since, once, instance,
        };
        var print = new PrintOptions(command, "log");
        var edge = new EdgeOptions(command);
        sources.CompletionSources.Add(context => Suggestions.Sources(edge, context.ParseResult, time));
        command.SetAction(async parsed =>
        {
            using var http = edge.Connect(parsed, time);
            var asked = parsed.GetValue(since) ?? "";
            var query = new StreamQuery
            {
                SourceIds = parsed.GetValue(sources) ?? [],
                Types = print.AskedTypes(parsed),
                Lines = parsed.GetValue(lines) ?? (asked.Length == 0 ? DefaultLines : null),
                SinceText = asked,
                InstanceId = parsed.GetValue(instance) ?? "",
                NoFollow = parsed.GetValue(once),
            };
            using var signals = new Signals();
            var printer = print.Printer(parsed, screen, query.InstanceId);
            var exit = await new StreamSession(screen, printer, edge.Url(parsed)).RunAsync(new LogStream(http, query, time), !query.NoFollow, signals);
            if (exit == ExitCode.Done && query.NoFollow && printer.Shown == 0 && query.SourceIds.Count > 0)
            {
                screen.Notice($"nothing of {SafeText.Clean(string.Join(", ", query.SourceIds))} is held that was asked for; 'loggregator sources' lists who has sent");
            }

            return exit;
        });
        return command;
    }
}
