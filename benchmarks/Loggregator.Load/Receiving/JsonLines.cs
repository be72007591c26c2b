using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Loggregator.Load.Accounting;
using Loggregator.Load.Wire;

namespace Loggregator.Load.Receiving;

/// <summary>Finds a run's envelopes in JSON text. One user at a time.</summary>
internal sealed class JsonLines(Tally tally)
{
    private const int TraceBase64Length = Trace.Length / 3 * 4;
    private readonly byte[] _trace = new byte[Trace.Length];

    /// <summary>Takes the payloads of a text, without parsing it: an envelope's timestamp is in front of its payload, and neither can hold a quote.</summary>
    public void TakePayloads(ReadOnlySpan<byte> json)
    {
        for (int at; (at = json.IndexOf("\"payload\":\""u8)) >= 0;)
        {
            var timestampAt = json[..at].LastIndexOf("\"timestamp\":\""u8);
            var payload = json[(at + 11)..];
            if (timestampAt >= 0
                && Utf8Parser.TryParse(json[(timestampAt + 13)..at], out long timestamp, out _)
                && payload.Length >= TraceBase64Length
                && Base64.DecodeFromUtf8(payload[..TraceBase64Length], _trace, out _, out _) == OperationStatus.Done)
            {
                tally.TakePayload(_trace, timestamp);
            }

            json = payload;
        }
    }

    /// <summary>Takes one record of a nozzle's JSON: a log, or a gap record.</summary>
    public void TakeRecord(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\"name\":\"dropped\""u8) < 0)
        {
            TakePayloads(json);
            return;
        }

        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var envelope = document.RootElement.GetProperty("envelope");
        if (envelope.TryGetProperty("counter", out var counter) && envelope.TryGetProperty("tags", out var tags) && tags.TryGetProperty("hop", out var hop))
        {
            tally.TakeGap(
                Encoding.UTF8.GetBytes(envelope.GetProperty("source_id").GetString() ?? ""),
                hop.GetString() ?? "",
                tags.GetProperty("reason").GetString() ?? "",
                long.Parse(counter.GetProperty("delta").GetString()!, CultureInfo.InvariantCulture),
                tags.TryGetProperty("bound", out _));
        }
    }
}
