using System.CommandLine;
using Loggregator.Client;
using Loggregator.Hosting;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator emit</c>: lines and metrics become envelopes at the agent.</summary>
internal static class EmitCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var files = Words.Argument("FILE", "Files whose lines are sent; - or none: standard input.");
        var asError = new Option<bool>("--err") { Description = "The lines are those of stderr." };
        var counters = Metric("--counter", "NAME=DELTA", "Counts something.", text => MetricText.TryCounter(text, out _, out _));
        var gauges = Metric("--gauge", "NAME=VALUE[UNIT]", "Tells a value.", text => MetricText.TryGauge(text, out _));
        var events = Metric("--event", "TITLE=BODY", "Tells that something happened.", text => MetricText.TryEvent(text, out _, out _));
        var command = new Command("emit", "Sends the lines of files or of standard input, or metrics, to the agent.") { files, asError, counters, gauges, events };
        var producer = new ProducerOptions(command);
        command.SetAction(async parsed =>
        {
            var names = parsed.GetValue(files) ?? [];
            var isError = parsed.GetValue(asError);
            var (counted, gauged, happened) = (parsed.GetValue(counters) ?? [], parsed.GetValue(gauges) ?? [], parsed.GetValue(events) ?? []);
            using var signals = new Signals();
            await using var emitter = producer.Emitter(parsed, time, WhenFull.Wait, TimeSpan.FromSeconds(10));
            foreach (var text in counted)
            {
                _ = MetricText.TryCounter(text, out var name, out var delta) && emitter.Counter(name, delta);
            }

            foreach (var text in gauged)
            {
                _ = MetricText.TryGauge(text, out var metric) && emitter.Gauges([metric]);
            }

            foreach (var text in happened)
            {
                _ = MetricText.TryEvent(text, out var title, out var body) && emitter.Event(title, body);
            }

            if (names.Length == 0 && counted.Length + gauged.Length + happened.Length == 0)
            {
                names = ["-"];
            }

            var readAll = await SendFilesAsync(screen, names, emitter, isError, signals.Stopping);
            var counts = await emitter.CompleteAsync(CancellationToken.None);
            var sentAll = ProducerOptions.Report(screen, emitter, producer.Agent(parsed));
            if (sentAll)
            {
                await screen.Error.WriteLineAsync(counts.Sent == 1 ? "1 envelope sent." : $"{counts.Sent} envelopes sent.");
            }

            return !readAll || !sentAll ? ExitCode.Failed : signals.Stopping.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done;
        });
        return command;
    }

    private static async Task<bool> SendFilesAsync(
        Screen screen, string[] names, Emitter emitter, bool isError, CancellationToken cancel)
    {
        var all = true;
        foreach (var name in names)
        {
            try
            {
                await using var stream = name == "-" ? screen.In : File.OpenRead(name);
                await LineReader.ReadAsync(stream, null, line => AddAsync(emitter, line, isError, cancel), cancel).WaitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                return all;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                await screen.Error.WriteLineAsync($"loggregator: {name}: {e.Message}");
                all = false;
            }
        }

        return all;
    }

    /// <summary>A file can wait, so nothing is dropped: the next line is read when there is room.</summary>
    private static ValueTask AddAsync(Emitter emitter, ReadOnlyMemory<byte> line, bool isError, CancellationToken cancel)
    {
        emitter.LogBytes(line.Span, isError);
        return emitter.HasRoom ? ValueTask.CompletedTask : new ValueTask(emitter.WaitForRoomAsync(cancel));
    }

    private static Option<string[]> Metric(string name, string form, string description, Func<string, bool> isGood)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = form };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !isGood(token.Value)))
            {
                result.AddError($"{name} takes {form}, not '{token.Value}'.");
            }
        });
        return option;
    }
}
