using System.Buffers;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// The record is the unit that travels and is stored: <c>0A varint(length) envelope</c>, field 1 of EnvelopeBatch, IngestBatch,
/// AttachFrame and ReadFrame alike, so that consecutive records are copied between them as one block.
/// </summary>
public static class Records
{
    /// <summary>The most bytes that <see cref="WriteHeader(Span{byte}, int)"/> writes.</summary>
    public const int MaxHeaderLength = 6;

    internal const uint Tag = 10;

    /// <summary>Bytes of the header of a record that holds so long an envelope.</summary>
    public static int HeaderLength(int envelopeLength) => 1 + WireWriter.VarintLength((uint)envelopeLength);

    /// <summary>Writes a record's header and returns its length.</summary>
    public static int WriteHeader(Span<byte> target, int envelopeLength)
    {
        var writer = new WireWriter(target);
        writer.Header(Tag, envelopeLength);
        return writer.Length;
    }

    /// <summary>Writes a record's header.</summary>
    public static void WriteHeader(IBufferWriter<byte> writer, int envelopeLength)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Advance(WriteHeader(writer.GetSpan(MaxHeaderLength), envelopeLength));
    }

    /// <summary>Writes a whole record.</summary>
    public static void Append(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var target = writer.GetSpan(MaxHeaderLength + envelope.Length);
        var header = WriteHeader(target, envelope.Length);
        envelope.CopyTo(target[header..]);
        writer.Advance(header + envelope.Length);
    }
}
