using System.Globalization;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>A record as a message: its source id is the key, and the headers are <c>source</c>, <c>instance</c>, <c>type</c> and <c>cursor</c>, the record's id.</summary>
internal readonly ref struct KafkaMessage
{
    /// <summary>Bytes that <see cref="WriteCursor"/> writes at the most.</summary>
    public const int MaxCursor = RecordBatch.MaxIdLength + 12;

    private const int HeaderBytes = 256; // of names, lengths and the client's own framing

    /// <summary>A message of a record.</summary>
    /// <param name="envelope">Its envelope.</param>
    /// <param name="header">The envelope's header.</param>
    /// <param name="value">What was rendered.</param>
    /// <param name="cursor">What <see cref="WriteCursor"/> wrote.</param>
    /// <param name="hasHeaders">Whether the headers go along.</param>
    public KafkaMessage(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> value, ReadOnlySpan<byte> cursor, bool hasHeaders)
    {
        Source = header.SourceId.Of(envelope);
        Instance = header.InstanceId.Of(envelope);
        Type = RecordText.TypeName(header.Type);
        Value = value;
        Cursor = cursor;
        HasHeaders = hasHeaders;
    }

    public ReadOnlySpan<byte> Source { get; }

    public ReadOnlySpan<byte> Instance { get; }

    public ReadOnlySpan<byte> Type { get; }

    public ReadOnlySpan<byte> Value { get; }

    public ReadOnlySpan<byte> Cursor { get; }

    public bool HasHeaders { get; }

    /// <summary>What a message has beside its value, in bytes, at the most.</summary>
    public static int Overhead(RecordBatch batch, int record)
    {
        batch.Envelope(record, out var header);
        return (2 * header.SourceId.Length) + header.InstanceId.Length + RecordBatch.MaxIdLength + HeaderBytes;
    }

    /// <summary>Writes a record's id; a part above 0 is one of several messages of the record, and has its number behind a slash.</summary>
    public static int WriteCursor(RecordBatch batch, int record, int part, Span<byte> target)
    {
        var length = batch.WriteId(record, target);
        if (part > 0)
        {
            target[length++] = (byte)'/';
            part.TryFormat(target[length..], out var digits, default, CultureInfo.InvariantCulture);
            length += digits;
        }

        return length;
    }
}
