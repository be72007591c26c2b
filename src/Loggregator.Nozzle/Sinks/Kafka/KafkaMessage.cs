using System.Globalization;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// A message of a record: its source id is the key, and the headers are <c>source</c>, <c>instance</c>, <c>type</c> and <c>cursor</c>, the record's id; a part
/// above 0 is one of several messages of the record, and has its number behind a slash.
/// </summary>
internal readonly ref struct KafkaMessage
{
    /// <summary>Bytes of a cursor at the most.</summary>
    public const int MaxCursor = RecordBatch.MaxIdLength + 12;

    private const int HeaderBytes = 256; // of names, lengths and the client's own framing

    /// <summary>A message.</summary>
    /// <param name="envelope">The record's envelope.</param>
    /// <param name="header">The envelope's header.</param>
    /// <param name="value">What was rendered.</param>
    /// <param name="cursor">What <see cref="WriteCursor"/> wrote.</param>
    public KafkaMessage(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> value, ReadOnlySpan<byte> cursor)
    {
        Source = header.SourceId.Of(envelope);
        Instance = header.InstanceId.Of(envelope);
        Type = RecordText.TypeName(header.Type);
        Value = value;
        Cursor = cursor;
    }

    public ReadOnlySpan<byte> Source { get; }

    public ReadOnlySpan<byte> Instance { get; }

    public ReadOnlySpan<byte> Type { get; }

    public ReadOnlySpan<byte> Value { get; }

    public ReadOnlySpan<byte> Cursor { get; }

    /// <summary>What a message has beside its value, in bytes, at the most.</summary>
    public static int Overhead(in EnvelopeHeader header) => (2 * header.SourceId.Length) + header.InstanceId.Length + RecordBatch.MaxIdLength + HeaderBytes;

    /// <summary>Writes the cursor of a part of a record, and returns its length.</summary>
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
