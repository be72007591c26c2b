using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// RFC 5424 as the original's syslog agent writes it, byte for byte: private enterprise number 47450, one message per metric of a gauge, a line
/// feed as the last byte of each message. What it cannot say (a source id with spaces, a tag name with quotes) it refuses, as the original does.
/// </summary>
/// <param name="metadata">Whether tags are written.</param>
/// <param name="hostname">HOSTNAME of envelopes that have no tag of organization, space or app; empty for none.</param>
/// <param name="withId">Adds an element <c>record@47450</c> with the record's id, which the original has not.</param>
internal sealed class SyslogFormat(bool metadata = true, string hostname = "", bool withId = false) : IRecordFormat
{
    private readonly byte[] _hostname = Encoding.UTF8.GetBytes(hostname);
    private readonly TagElements _tags = new();

    public string ContentType => "text/plain";

    public bool IsText => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        switch (header.Type)
        {
            case EnvelopeType.Log:
                return WriteLog(output, envelope, header, id);
            case EnvelopeType.Gauge:
                return WriteGauge(output, envelope, header, id);
            case EnvelopeType.None:
                return null; // nothing to say
        }

        var problem = Head(output.Buffer, envelope, header, 14);
        switch (header.Type)
        {
            case EnvelopeType.Counter:
                var counter = EnvelopeReader.Counter(envelope, header);
                StructuredElement.Begin(output.Buffer, "counter@47450"u8);
                StructuredElement.Parameter(output.Buffer, "name"u8, counter.Name);
                StructuredElement.Parameter(output.Buffer, "total"u8, counter.Total);
                StructuredElement.Parameter(output.Buffer, "delta"u8, counter.Delta);
                break;
            case EnvelopeType.Timer:
                var timer = EnvelopeReader.Timer(envelope, header);
                StructuredElement.Begin(output.Buffer, "timer@47450"u8);
                StructuredElement.Parameter(output.Buffer, "name"u8, timer.Name);
                StructuredElement.Parameter(output.Buffer, "start"u8, timer.Start);
                StructuredElement.Parameter(output.Buffer, "stop"u8, timer.Stop);
                break;
            default:
                var happening = EnvelopeReader.Event(envelope, header);
                StructuredElement.Begin(output.Buffer, "event@47450"u8);
                StructuredElement.Parameter(output.Buffer, "title"u8, happening.Title);
                StructuredElement.Parameter(output.Buffer, "body"u8, happening.Body);
                break;
        }

        StructuredElement.End(output.Buffer);
        return problem ?? EndMetric(output, envelope, header, id);
    }

    private string? WriteLog(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var priority = EnvelopeReader.LogType(envelope, header) switch { 0 => 14, 1 => 11, _ => -1 };
        var problem = Head(output.Buffer, envelope, header, priority);
        var start = output.Buffer.Length;
        if ((problem ??= Extras(output.Buffer, envelope, header, id)) is not null)
        {
            return problem;
        }

        output.Buffer.Write(output.Buffer.Length == start ? "- "u8 : " "u8);
        var payload = EnvelopeReader.LogPayload(envelope, header);
        var ended = false;
        while (!payload.IsEmpty)
        {
            var zero = payload.IndexOf((byte)0);
            var part = zero < 0 ? payload : payload[..zero];
            output.Buffer.Write(part);
            ended = part.IsEmpty ? ended : part.EndsWith("\n"u8);
            payload = zero < 0 ? [] : payload[(zero + 1)..];
        }

        output.Buffer.Write(ended ? [] : "\n"u8);
        output.EndMessage();
        return null;
    }

    private string? WriteGauge(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var metrics = new MapEntries(envelope, scratch);
        try
        {
            metrics.CollectMetrics(header);
            metrics.SortDistinct();
            string? problem = null;
            foreach (var metric in metrics.Entries)
            {
                problem ??= Head(output.Buffer, envelope, header, 14);
                MetricReader.ReadValue(metric.Value.Of(envelope), out var unit, out var value);
                StructuredElement.Begin(output.Buffer, "gauge@47450"u8);
                StructuredElement.Parameter(output.Buffer, "name"u8, metric.Key.Of(envelope));
                StructuredElement.Parameter(output.Buffer, "value"u8, value);
                StructuredElement.Parameter(output.Buffer, "unit"u8, unit);
                StructuredElement.End(output.Buffer);
                if ((problem ??= EndMetric(output, envelope, header, id)) is not null)
                {
                    return problem;
                }
            }

            return null;
        }
        finally
        {
            metrics.Dispose();
        }
    }

    private string? EndMetric(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        if (Extras(output.Buffer, envelope, header, id) is { } problem)
        {
            return problem;
        }

        output.Buffer.Write(" \n"u8);
        output.EndMessage();
        return null;
    }

    private string? Extras(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        if (metadata && !_tags.Write(output, envelope, header))
        {
            return "a tag's name cannot be written as a name of structured data (RFC 5424)";
        }

        if (withId)
        {
            StructuredElement.Begin(output, "record@47450"u8);
            StructuredElement.Parameter(output, "id"u8, id);
            StructuredElement.End(output);
        }

        return null;
    }

    // Everything up to the structured data.
    private string? Head(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, int priority)
    {
        output.Write("<"u8);
        RecordText.Number(output, priority);
        output.Write(">1 "u8);
        RecordText.SyslogTimestamp(output, header.Timestamp, "+00:00"u8);
        output.Write(" "u8);
        var start = output.Length;
        if (!SyslogName.Host(output, envelope, header))
        {
            SyslogName.Field(output, _hostname, 255);
        }

        var good = IsPrintable(output, start);
        output.Write(" "u8);
        start = output.Length;
        SyslogName.Field(output, header.SourceId.Of(envelope), 48);
        good &= IsPrintable(output, start);
        output.Write(" "u8);
        start = output.Length;
        SyslogName.Process(output, envelope, header);
        good &= IsPrintable(output, start);
        output.Write(" - "u8);
        return good ? null : "its source id, instance id or host name has characters that RFC 5424 allows in none of these fields";
    }

    private static bool IsPrintable(MessageBuffer output, int start) => !output.Span[start..].ContainsAnyExceptInRange((byte)33, (byte)126);
}
