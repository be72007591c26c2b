using System.Globalization;
using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>A record as a message: its source id is the key, and the headers are <c>source</c>, <c>instance</c>, <c>type</c> and <c>cursor</c>, the record's id.</summary>
internal static class KafkaMessage
{
    private const int HeaderBytes = 256; // of names, lengths and the client's own framing
    private static readonly byte[][] Types = [.. Enum.GetValues<EnvelopeType>().Select(type => RecordText.TypeName(type).ToArray())];

    /// <summary>What a message has beside its value, in bytes, at the most.</summary>
    public static int Overhead(RecordBatch batch, int record)
    {
        batch.Envelope(record, out var header);
        return (2 * header.SourceId.Length) + header.InstanceId.Length + RecordBatch.MaxIdLength + HeaderBytes;
    }

    /// <summary>Makes one; a part above 0 is one of several, and tells by its cursor.</summary>
    public static Message<byte[], byte[]> Of(RecordBatch batch, int record, ReadOnlySpan<byte> value, int part, bool headers)
    {
        var envelope = batch.Envelope(record, out var header);
        var source = header.SourceId.Of(envelope).ToArray();
        return new Message<byte[], byte[]>
        {
            Key = source,
            Value = value.ToArray(),
            Headers = headers
                ? new Headers { { "source", source }, { "instance", header.InstanceId.Of(envelope).ToArray() }, { "type", Types[(int)header.Type] }, { "cursor", Id(batch, record, part) } }
                : null,
        };
    }

    private static byte[] Id(RecordBatch batch, int record, int part)
    {
        Span<byte> id = stackalloc byte[RecordBatch.MaxIdLength + 12];
        var length = batch.WriteId(record, id);
        if (part > 0)
        {
            id[length++] = (byte)'/';
            part.TryFormat(id[length..], out var digits, default, CultureInfo.InvariantCulture);
            length += digits;
        }

        return id[..length].ToArray();
    }
}
