using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Loggregator.Hosting;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator query EXPR</c>: PromQL over what counters, gauges and timers said.</summary>
internal static class QueryCommand
{
    private static readonly TimeSpan UsualRefresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FastestRefresh = TimeSpan.FromMilliseconds(100);

    public static Command Create(Screen screen, TimeProvider time)
    {
        var expression = new Argument<string?>("EXPR") { Description = "PromQL, in quotes.", Arity = ArgumentArity.ZeroOrOne };
        var range = new Option<string?>("--range") { Description = "What it was over the last 1h, 30m, …: a chart, and last, smallest, largest and mean of each series.", HelpName = "DURATION" };
        var step = new Option<string?>("--step") { Description = "How far apart the values of a range are (a 250th of it, or a bit more).", HelpName = "DURATION" };
        var at = new Option<string?>("--time") { Description = "When, of a range its end: 10m for so long ago, 2026-08-22T14:00:00Z, or UNIX seconds (now).", HelpName = "TIME" };
        var format = new Option<string>("--format", "-o")
        {
            Description = "table, json (the answer's data as Prometheus gives it) or csv (timestamp, value, a column per label).",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => QueryView.Table,
        };
        format.AcceptOnlyFromAmong(QueryView.Formats);
        var lines = new Option<int?>("--lines", "-n") { Description = $"Show so many series in tables ({QueryView.UsualRows}, of a range {QueryView.UsualLines}).", HelpName = "N" };
        var watch = new Option<string?>("--watch", "-w") { Description = "Ask again and again, every 2s or DURATION. Ctrl-C ends.", HelpName = "DURATION", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("query", "Asks by PromQL about counters, gauges and timers: what is, or with --range what was.") { expression, range, step, at, format, lines, watch };
        command.Validators.Add(result => Check(result, expression, watch, lines, at, [range, step]));
        var edge = new EdgeOptions(command);
        expression.CompletionSources.Add(context => Suggestions.Metrics(edge, context.ParseResult, time));
        command.SetAction(async parsed =>
        {
            var (asked, refresh) = Split(parsed.GetValue(expression), parsed.GetResult(watch)?.Tokens);
            if (QueryFault.Find(asked!) is { } fault)
            {
                return WrongExpression(screen, fault);
            }

            var back = Duration(parsed.GetValue(range));
            var request = new QueryRequest(
                asked!, parsed.GetValue(at) is { } moment ? QueryMoment.Read(moment) : null, back, Duration(parsed.GetValue(step)) ?? (back is { } whole ? QueryMoment.StepOf(whole) : default));
            using var http = edge.Connect(parsed, time);
            using var signals = new Signals();
            var view = new QueryView(screen, time, request, parsed.GetValue(format)!, parsed.GetValue(lines));
            try
            {
                var client = new QueryClient(http);
                if (refresh is { } every)
                {
                    await WatchAsync(screen, client, request, view, every, edge.Url(parsed), time, signals.Stopping);
                }
                else
                {
                    var now = time.GetUtcNow();
                    view.Show(await client.AskAsync(request, now, signals.Stopping), now);
                }

                return ExitCode.Done;
            }
            catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
            {
                screen.Out.Write(screen.Colour ? "\r\e[K" : ""); // the ^C that the terminal has left there
                return refresh is null ? ExitCode.Interrupted : ExitCode.Done;
            }
            catch (QueryRefusedException e) when (e.ByItsFault)
            {
                return WrongExpression(screen, QueryFault.Describe(asked!, e.Message));
            }
            catch (QueryRefusedException e)
            {
                throw new CommandFailedException(QueryFault.Describe(asked!, e.Message));
            }
            catch (Exception e) when (e is HttpRequestException or JsonException)
            {
                throw new CommandFailedException($"Cannot ask {edge.Url(parsed)}: {EdgeOptions.Reason(e)}");
            }
        });
        return command;
    }

    private static int WrongExpression(Screen screen, string fault)
    {
        screen.Error.WriteLine("loggregator query: " + fault);
        return ExitCode.WrongUsage;
    }

    /// <summary>Asks again and again. Who has answered once is waited for when he does not.</summary>
    private static async Task WatchAsync(
        Screen screen, QueryClient client, QueryRequest request, QueryView view, TimeSpan every, string url, TimeProvider time, CancellationToken cancel)
    {
        for (var answered = false; ; await Task.Delay(every, time, cancel))
        {
            try
            {
                var now = time.GetUtcNow();
                view.ShowNext(await client.AskAsync(request, now, cancel), now, url);
                answered = true;
            }
            catch (Exception e) when (answered && e is HttpRequestException or JsonException or QueryRefusedException { ByItsFault: false })
            {
                screen.Notice($"cannot ask {url}: {SafeText.Clean(EdgeOptions.Reason(e))}; asking again");
            }
        }
    }

    /// <summary>The expression and how often it is asked. What follows <c>--watch</c> and is no duration is the expression when there is none yet.</summary>
    private static (string? Expression, TimeSpan? Refresh) Split(string? expression, IReadOnlyList<Token>? watch)
    {
        if (watch is null)
        {
            return (expression, null);
        }

        var word = watch.Count > 0 ? watch[0].Value : null;
        var every = Duration(word);
        return (expression ?? (every is null ? word : null), every ?? (word is null || expression is null ? UsualRefresh : null));
    }

    private static TimeSpan? Duration(string? text) => text is null ? null : QueryMoment.ReadDuration(text);

    private static void Check(
        CommandResult result, Argument<string?> expression, Option<string?> watch, Option<int?> lines, Option<string?> at, Option<string?>[] durations)
    {
        var word = result.GetValue(expression);
        var (asked, refresh) = Split(word, result.GetResult(watch)?.Tokens);
        if (asked is null)
        {
            result.AddError("there is no expression to ask for.");
        }
        else if (asked.StartsWith("--", StringComparison.Ordinal))
        {
            result.AddError(Words.Mistyped(asked, result.Command));
        }

        if (result.GetResult(watch) is { } given && (refresh is null || refresh < FastestRefresh))
        {
            result.AddError($"--watch takes a duration from 100ms up, such as 5s, not '{given.Tokens[0].Value}'.");
        }

        foreach (var option in durations)
        {
            if (result.GetValue(option) is { } text && QueryMoment.ReadDuration(text) is null)
            {
                result.AddError($"{option.Name} takes a duration, such as 15s or 1h30m, not '{text}'.");
            }
        }

        if (result.GetResult(durations[0]) is null && result.GetResult(durations[1]) is not null)
        {
            result.AddError("--step is of a --range.");
        }

        if (result.GetValue(at) is { } moment && QueryMoment.Read(moment) is null)
        {
            result.AddError($"--time takes a time such as 2026-08-22T14:00:00Z, UNIX seconds, or a duration before now such as 10m, not '{moment}'.");
        }

        if (result.GetValue(lines) < 1)
        {
            result.AddError("--lines takes a number from 1 up.");
        }
    }
}
