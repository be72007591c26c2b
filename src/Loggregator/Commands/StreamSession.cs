using System.Globalization;
using System.Text;
using System.Text.Json;
using Loggregator.Client;
using Loggregator.Client.Consume;
using Loggregator.Hosting;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>Prints a stream until it ends or a signal comes: data to stdout, what happens to the stream to stderr, at the end a summary.</summary>
internal sealed class StreamSession(Screen screen, EnvelopePrinter printer, string url)
{
    private readonly SortedDictionary<string, long> _missed = new(StringComparer.Ordinal);
    private long _missedAll;
    private long _missedBefore;
    private bool _upperBound;
    private bool _connected;
    private bool _broken;
    private bool _resumed;

    /// <summary>Runs to the end; the exit code.</summary>
    public async Task<int> RunAsync(LogStream stream, bool follow, Signals signals)
    {
        try
        {
            await foreach (var happened in stream.ReadAsync(signals.Stopping))
            {
                if (!Take(happened, follow))
                {
                    return ExitCode.Failed;
                }
            }
        }
        catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
        {
            // Ctrl-C is how a follow ends.
        }
        catch (StreamRefusedException e)
        {
            screen.Error.WriteLine($"loggregator: {url} refused: {SafeText.Clean(e.Message)}");
            return ExitCode.Failed;
        }

        screen.Out.Flush();
        Summarise();
        return follow || !signals.Stopping.IsCancellationRequested ? ExitCode.Done : ExitCode.Interrupted;
    }

    private bool Take(StreamEvent happened, bool follow)
    {
        switch (happened.Kind)
        {
            case StreamEventKind.Disconnected:
                return Disconnected(Encoding.UTF8.GetString(happened.Payload.Span), follow);
            case StreamEventKind.Reconnected:
                _resumed = true;
                break;
            case StreamEventKind.Gap:
                Gap(happened.Payload);
                break;
            case StreamEventKind.Notice:
                Resumed();
                Notice(happened.Payload);
                break;
            case StreamEventKind.Batch:
                Resumed();
                printer.Print(happened.Payload);
                break;
        }

        _connected |= happened.Kind != StreamEventKind.End;
        return true;
    }

    private bool Disconnected(string reason, bool follow)
    {
        screen.Out.Flush();
        if (!_connected && !follow)
        {
            screen.Error.WriteLine($"loggregator: cannot read from {url}: {reason}");
            return false;
        }

        if (!_broken)
        {
            // One notice per break, however often it is tried.
            _missedBefore = _missedAll;
            screen.Notice(_connected ? $"disconnected: {reason}; trying again" : $"cannot reach {url}: {reason}; trying again");
        }

        _broken = true;
        return true;
    }

    private void Resumed()
    {
        if (_broken && (_resumed || !_connected))
        {
            screen.Notice(_connected ? $"reconnected, {Count(_missedAll - _missedBefore)} lost" : $"connected to {url}");
            (_broken, _resumed) = (false, false);
        }
    }

    private void Notice(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var message = Text(document.RootElement, "message");
        if (message.Length > 0 && Text(document.RootElement, "kind") is not ("history" or "live"))
        {
            screen.Out.Flush();
            screen.Notice(SafeText.Clean(message));
        }
    }

    private void Gap(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var gap = document.RootElement;
        var count = gap.TryGetProperty("count", out var number) ? Number(number) : 0;
        var upper = gap.TryGetProperty("upper_bound", out var bound) && bound.ValueKind == JsonValueKind.True;
        var where = $"{Text(gap, "hop")} {Text(gap, "reason")}";
        _missed[where] = _missed.GetValueOrDefault(where) + count;
        _missedAll += count;
        _upperBound |= upper;

        var instance = Text(gap, "instance_id");
        var source = Text(gap, "source_id") + (instance.Length > 0 ? "/" + instance : "");
        screen.Out.Flush();
        screen.Notice(SafeText.Clean($"gap: {(upper ? "up to " : "")}{Count(count)} from {source}{Range(gap)}, {where}"));
    }

    private static string Range(JsonElement gap)
    {
        var first = gap.TryGetProperty("first_timestamp", out var f) ? Number(f) : 0;
        var last = gap.TryGetProperty("last_timestamp", out var l) ? Number(l) : 0;
        return last == 0 ? "" : $", {Clock(first == 0 ? last : first)}–{Clock(last)}";
    }

    private static string Clock(long nanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100).ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private void Summarise()
    {
        var missed = _missedAll == 0
            ? "0 missed"
            : $"{(_upperBound ? "up to " : "")}{Count(_missedAll)} missed ({string.Join(", ", _missed.Select(m => $"{m.Key}: {Count(m.Value)}"))})";
        screen.Notice(SafeText.Clean($"{Count(printer.Shown)} shown, {missed}"));
    }

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static long Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
            ? long.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var parsed) ? parsed : 0
            : value.TryGetInt64(out var number) ? number : 0;

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
