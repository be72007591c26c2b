using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Json;

/// <summary>
/// Canonical protobuf JSON of validated envelopes, straight from their bytes: fields in declaration order under their names in the proto, zero
/// values printed, unset members of a oneof not, map keys sorted bytewise, unknown fields (the stamp) left out. On a single line.
/// </summary>
public static class EnvelopeJson
{
    /// <summary>What stands before the first envelope of a batch.</summary>
    public static ReadOnlySpan<byte> BatchStart => "{\"batch\":["u8;

    /// <summary>What stands behind the last envelope of a batch; between two is a comma.</summary>
    public static ReadOnlySpan<byte> BatchEnd => "]}"u8;

    /// <summary>Writes one envelope.</summary>
    public static void WriteEnvelope(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope)
    {
        RawEnvelope.TryReadHeader(envelope, out var header);
        WriteEnvelope(writer, envelope, header);
    }

    /// <summary>Writes one envelope whose header is known.</summary>
    public static void WriteEnvelope(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var json = new JsonText(writer);
        json.Raw("{\"timestamp\":"u8);
        json.Integer(header.Timestamp);
        json.Raw(",\"source_id\":"u8);
        json.String(header.SourceId.Of(envelope));
        json.Raw(",\"instance_id\":"u8);
        json.String(header.InstanceId.Of(envelope));
        json.Raw(",\"deprecated_tags\":{"u8);
        if ((header.Flags & EnvelopeFlags.DeprecatedTags) != 0)
        {
            WriteMap(ref json, envelope, header, Fields.DeprecatedTags);
        }

        json.Raw("},\"tags\":{"u8);
        if ((header.Flags & EnvelopeFlags.Tags) != 0)
        {
            WriteMap(ref json, envelope, header, Fields.Tags);
        }

        json.Raw("}"u8);
        WritePayload(ref json, envelope, header);
        json.Raw("}"u8);
        json.Flush();
    }

    /// <summary>Writes a batch of the records (field 1) of a message, and nothing of its other fields.</summary>
    public static void WriteBatch(IBufferWriter<byte> writer, ReadOnlySpan<byte> records)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(BatchStart);
        var first = true;
        var reader = new RecordReader(records);
        while (reader.MoveNext())
        {
            if (!first)
            {
                writer.Write(","u8);
            }

            first = false;
            WriteEnvelope(writer, reader.Current);
        }

        writer.Write(BatchEnd);
    }

    private static void WritePayload(ref JsonText json, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        switch (header.Type)
        {
            case EnvelopeType.Log:
                WriteLog(ref json, envelope, header);
                break;
            case EnvelopeType.Counter:
                var counter = EnvelopeReader.Counter(envelope, header);
                json.Raw(",\"counter\":{\"name\":"u8);
                json.String(counter.Name);
                json.Raw(",\"delta\":"u8);
                json.Integer(counter.Delta);
                json.Raw(",\"total\":"u8);
                json.Integer(counter.Total);
                json.Raw("}"u8);
                break;
            case EnvelopeType.Gauge:
                json.Raw(",\"gauge\":{\"metrics\":{"u8);
                WriteMap(ref json, envelope, header, Fields.GaugeMetrics);
                json.Raw("}}"u8);
                break;
            case EnvelopeType.Timer:
                var timer = EnvelopeReader.Timer(envelope, header);
                json.Raw(",\"timer\":{\"name\":"u8);
                json.String(timer.Name);
                json.Raw(",\"start\":"u8);
                json.Integer(timer.Start);
                json.Raw(",\"stop\":"u8);
                json.Integer(timer.Stop);
                json.Raw("}"u8);
                break;
            case EnvelopeType.Event:
                var happening = EnvelopeReader.Event(envelope, header);
                json.Raw(",\"event\":{\"title\":"u8);
                json.String(happening.Title);
                json.Raw(",\"body\":"u8);
                json.String(happening.Body);
                json.Raw("}"u8);
                break;
            default:
                break;
        }
    }

    private static void WriteLog(ref JsonText json, ReadOnlySpan<byte> envelope, in EnvelopeHeader header)
    {
        json.Raw(",\"log\":{\"payload\":"u8);
        json.Bytes(EnvelopeReader.LogPayload(envelope, header));
        json.Raw(",\"type\":"u8);
        var type = EnvelopeReader.LogType(envelope, header);
        if (type is 0 or 1)
        {
            json.Raw(type == 0 ? "\"OUT\""u8 : "\"ERR\""u8);
        }
        else
        {
            json.Number(type);
        }

        json.Raw("}"u8);
    }

    // The entries of one map, without its braces.
    private static void WriteMap(ref JsonText json, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, uint map)
    {
        Span<MapEntry> scratch = stackalloc MapEntry[MapEntries.ScratchSize];
        var entries = new MapEntries(envelope, scratch);
        try
        {
            if (map == Fields.GaugeMetrics)
            {
                entries.CollectMetrics(header);
            }
            else
            {
                entries.Collect(map);
            }

            entries.SortDistinct();
            var first = true;
            foreach (var entry in entries.Entries)
            {
                if (!first)
                {
                    json.Raw(","u8);
                }

                first = false;
                json.String(entry.Key.Of(envelope));
                json.Raw(":"u8);
                WriteMapValue(ref json, entry.Value.Of(envelope), map);
            }
        }
        finally
        {
            entries.Dispose();
        }
    }

    private static void WriteMapValue(ref JsonText json, ReadOnlySpan<byte> value, uint map)
    {
        switch (map)
        {
            case Fields.Tags:
                json.String(value);
                break;
            case Fields.DeprecatedTags:
                WriteTagValue(ref json, new TagValue(value));
                break;
            default:
                MetricReader.ReadValue(value, out var unit, out var number);
                json.Raw("{\"unit\":"u8);
                json.String(unit);
                json.Raw(",\"value\":"u8);
                json.Double(number);
                json.Raw("}"u8);
                break;
        }
    }

    private static void WriteTagValue(ref JsonText json, TagValue value)
    {
        switch (value.Member)
        {
            case Fields.ValueText:
                json.Raw("{\"text\":"u8);
                json.String(value.Text);
                break;
            case Fields.ValueInteger:
                json.Raw("{\"integer\":"u8);
                json.Integer(value.Integer);
                break;
            case Fields.ValueDecimal:
                json.Raw("{\"decimal\":"u8);
                json.Double(value.Decimal);
                break;
            default:
                json.Raw("{"u8);
                break;
        }

        json.Raw("}"u8);
    }
}
