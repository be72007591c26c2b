using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Loggregator.Terminal;

/// <summary>Prints the envelopes of JSON batches in one of the formats.</summary>
internal sealed class EnvelopePrinter(Screen screen, OutputFormat format, LineFilter filter, TimeZoneInfo zone)
{
    /// <summary>Bright enough on dark and dark enough on light backgrounds (256-colour palette).</summary>
    private static readonly int[] Palette = [33, 37, 64, 71, 98, 130, 133, 136, 162, 166, 172, 175];

    private readonly HashSet<string> _sourceTypes = [];

    /// <summary>Envelopes printed.</summary>
    public long Shown { get; private set; }

    /// <summary>Only this instance id, if not empty.</summary>
    public string Instance { get; init; } = "";

    /// <summary>Prints a batch <c>{"batch":[…]}</c> and flushes.</summary>
    public void Print(ReadOnlyMemory<byte> batch)
    {
        using var document = JsonDocument.Parse(batch);
        if (document.RootElement.TryGetProperty("batch", out var envelopes))
        {
            foreach (var envelope in envelopes.EnumerateArray())
            {
                Print(new EnvelopeView(envelope));
            }
        }

        screen.Out.Flush();
    }

    private void Print(EnvelopeView envelope)
    {
        if (Instance.Length > 0 && envelope.InstanceId != Instance)
        {
            return;
        }

        var log = envelope.Log;
        var message = log is null ? SafeText.Clean(envelope.Describe()) : Encoding.UTF8.GetString(log).TrimEnd('\n', '\r');
        if (!filter.Passes(message))
        {
            return;
        }

        Shown++;
        switch (format)
        {
            case OutputFormat.Json:
                screen.Out.Write(SafeText.CleanJson(envelope.Json.GetRawText()));
                screen.Out.Write('\n');
                break;
            case OutputFormat.Raw:
                PrintRaw(log, message);
                break;
            default:
                PrintLines(envelope, log is not null, message);
                break;
        }
    }

    private void PrintRaw(byte[]? log, string message)
    {
        if (log is null)
        {
            screen.Out.Write(message);
            screen.Out.Write('\n');
            return;
        }

        screen.Out.Flush();
        screen.RawOut.Write(log);
        if (log is not [.., (byte)'\n'])
        {
            screen.RawOut.Write("\n"u8);
        }
    }

    /// <summary>Each line of a message gets the prefix, so that no message can pretend to be another's.</summary>
    private void PrintLines(EnvelopeView envelope, bool isLog, string message)
    {
        var prefix = format switch
        {
            OutputFormat.Cf => CfPrefix(envelope, isLog),
            OutputFormat.Ltc => LtcPrefix(envelope),
            _ => PrettyPrefix(envelope),
        };
        foreach (var line in message.Split('\n'))
        {
            var text = SafeText.Clean(line.TrimEnd('\r'));
            screen.Out.Write(prefix);
            screen.Out.Write(screen.Colour ? filter.Highlight(text) : text);
            screen.Out.Write('\n');
        }
    }

    private string PrettyPrefix(EnvelopeView envelope)
    {
        var time = Local(envelope).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var process = envelope.Tag("process_type");
        var app = envelope.Tag("app_name");
        var label = app.Length > 0 ? app : envelope.SourceId;
        label = SafeText.Clean((process.Length, envelope.InstanceId.Length) switch
        {
            (0, 0) => label,
            (0, _) => $"{label}/{envelope.InstanceId}",
            (_, 0) => $"{label}/{process}",
            _ => $"{label}/{process}.{envelope.InstanceId}",
        });
        var type = SafeText.Clean(envelope.Tag("source_type").Split('/')[0]);
        if (type.Length > 0)
        {
            _sourceTypes.Add(type);
        }

        var typeWord = _sourceTypes.Count > 1 && type.Length > 0 ? type + " " : "";
        if (!screen.Colour)
        {
            return $"{time} {label} {typeWord}{(envelope.IsError ? "ERR " : "")}";
        }

        var colour = Palette[(int)(StableHash(envelope.SourceId + "\n" + envelope.InstanceId) % (uint)Palette.Length)];
        return $"\e[2m{time}\e[0m \e[38;5;{colour}m{label}\e[0m {typeWord}{(envelope.IsError ? "\e[31mERR\e[0m " : "")}";
    }

    private string CfPrefix(EnvelopeView envelope, bool isLog)
    {
        var local = Local(envelope);
        var offset = local.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
        var time = local.ToString("yyyy-MM-ddTHH:mm:ss.ff", CultureInfo.InvariantCulture) + offset;
        var origin = $"[{SourceType(envelope)}/{SafeText.Clean(Or(envelope.InstanceId, "0"))}]";
        var kind = !isLog ? "" : envelope.IsError ? "ERR " : "OUT ";
        return screen.Colour
            ? $"{time} \e[33m{origin}\e[0m {(envelope.IsError ? "\e[31mERR\e[0m " : kind)}"
            : $"{time} {origin} {kind}";
    }

    private string LtcPrefix(EnvelopeView envelope)
    {
        var time = Local(envelope).ToString("MM/dd HH:mm:ss.ff", CultureInfo.InvariantCulture);
        var origin = $"{SourceType(envelope)}|{SafeText.Clean(Or(envelope.InstanceId, "0"))}";
        return screen.Colour ? $"\e[36m{time}\e[0m [\e[33m{origin}\e[0m] " : $"{time} [{origin}] ";
    }

    private DateTimeOffset Local(EnvelopeView envelope) => TimeZoneInfo.ConvertTime(envelope.Time, zone);

    private static string SourceType(EnvelopeView envelope) => SafeText.Clean(Or(envelope.Tag("source_type"), "APP"));

    private static string Or(string text, string otherwise) => text.Length > 0 ? text : otherwise;

    /// <summary>FNV-1a: the same instance has the same colour in every run.</summary>
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 16777619;
        }

        return hash;
    }
}
