using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Json;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// Elastic Common Schema 8.11 as one JSON object on a line: <c>@timestamp</c>, <c>message</c>, <c>event.id</c> the record's id,
/// <c>log.level</c>, <c>service.name</c> the source id, <c>service.node.name</c> the instance id, <c>labels</c> the tags, and what ECS has no
/// field for under <c>loggregator</c>.
/// </summary>
internal sealed class EcsFormat : IRecordFormat
{
    public string ContentType => "application/json";

    public bool IsText => true;

    public string? Write(RenderedMessages output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var buffer = output.Buffer;
        buffer.Write("{\"@timestamp\":\""u8);
        RecordText.Timestamp(buffer, header.Timestamp);
        var json = new JsonText(buffer);
        json.Raw("\",\"ecs\":{\"version\":\"8.11.0\"},\"event\":{\"id\":"u8);
        json.String(id);
        json.Raw(header.Type is EnvelopeType.Log or EnvelopeType.Event ? ",\"kind\":\"event\",\"dataset\":\"loggregator."u8 : ",\"kind\":\"metric\",\"dataset\":\"loggregator."u8);
        json.Raw(RecordText.TypeName(header.Type));
        json.Raw("\"},\"service\":{\"name\":"u8);
        json.String(header.SourceId.Of(envelope));
        json.Raw(",\"node\":{\"name\":"u8);
        json.String(header.InstanceId.Of(envelope));
        json.Raw("}}"u8);
        json.Flush();
        Labels(buffer, envelope, header);
        Content(buffer, envelope, header);
        buffer.Write("}"u8);
        output.EndMessage();
        return null;
    }

    private static void Labels(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if ((header.Flags & EnvelopeFlags.Tags) == 0)
        {
            return;
        }

        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var tags = new MapEntries(envelope, scratch);
        try
        {
            tags.Collect(Fields.Tags);
            tags.SortDistinct();
            var json = new JsonText(output);
            var separator = ",\"labels\":{"u8;
            foreach (var tag in tags.Entries)
            {
                json.Raw(separator);
                json.String(tag.Key.Of(envelope));
                json.Raw(":"u8);
                json.String(tag.Value.Of(envelope));
                separator = ","u8;
            }

            json.Raw("}"u8);
            json.Flush();
        }
        finally
        {
            tags.Dispose();
        }
    }

    private static void Content(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        if (header.Type == EnvelopeType.Gauge)
        {
            Metrics(output, envelope, header);
            return;
        }

        var json = new JsonText(output);
        switch (header.Type)
        {
            case EnvelopeType.Log:
                json.Raw((header.Flags & EnvelopeFlags.Error) != 0 ? ",\"log\":{\"level\":\"error\"},\"message\":"u8 : ",\"log\":{\"level\":\"info\"},\"message\":"u8);
                json.String(RecordText.Valid(RecordText.WithoutLineEnd(EnvelopeReader.LogPayload(envelope, header))));
                break;
            case EnvelopeType.Counter:
                var counter = EnvelopeReader.Counter(envelope, header);
                json.Raw(",\"loggregator\":{\"counter\":{\"name\":"u8);
                json.String(counter.Name);
                json.Raw(",\"delta\":"u8);
                json.Integer(counter.Delta);
                json.Raw(",\"total\":"u8);
                json.Integer(counter.Total);
                json.Raw("}}"u8);
                break;
            case EnvelopeType.Timer:
                var timer = EnvelopeReader.Timer(envelope, header);
                json.Raw(",\"loggregator\":{\"timer\":{\"name\":"u8);
                json.String(timer.Name);
                json.Raw(",\"start\":"u8);
                json.Integer(timer.Start);
                json.Raw(",\"stop\":"u8);
                json.Integer(timer.Stop);
                json.Raw("}}"u8);
                break;
            case EnvelopeType.Event:
                var happening = EnvelopeReader.Event(envelope, header);
                json.Raw(",\"loggregator\":{\"event\":{\"title\":"u8);
                json.String(happening.Title);
                json.Raw("}},\"message\":"u8);
                json.String(happening.Body);
                break;
            default:
                break;
        }

        json.Flush();
    }

    // As a list: a metric's name may hold dots, which ECS takes for paths.
    private static void Metrics(MessageBuffer output, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var metrics = new MapEntries(envelope, scratch);
        try
        {
            metrics.CollectMetrics(header);
            metrics.SortDistinct();
            var json = new JsonText(output);
            json.Raw(",\"loggregator\":{\"gauge\":["u8);
            var separator = ""u8;
            foreach (var metric in metrics.Entries)
            {
                MetricReader.ReadValue(metric.Value.Of(envelope), out var unit, out var value);
                json.Raw(separator);
                json.Raw("{\"name\":"u8);
                json.String(metric.Key.Of(envelope));
                json.Raw(",\"value\":"u8);
                json.Double(value);
                json.Raw(",\"unit\":"u8);
                json.String(unit);
                json.Raw("}"u8);
                separator = ","u8;
            }

            json.Raw("]}"u8);
            json.Flush();
        }
        finally
        {
            metrics.Dispose();
        }
    }
}
