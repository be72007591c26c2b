using System.Buffers;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Sets the total of a counter without touching its bytes: a second occurrence of the counter behind the envelope, which holds the total
/// alone, merges into the first at every protobuf reader. The envelope then has <see cref="EnvelopeFlags.RepeatedPayload"/>.
/// </summary>
public static class CounterRewriter
{
    /// <summary>The most bytes that a suffix takes.</summary>
    public const int MaxLength = 2 + 11;

    /// <summary>Writes the suffix; 0 is written too, and overrides.</summary>
    public static void AppendTotal(IBufferWriter<byte> writer, ulong total)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Advance(AppendTotal(writer.GetSpan(MaxLength), total));
    }

    /// <summary>Writes the suffix and returns its length.</summary>
    public static int AppendTotal(Span<byte> target, ulong total)
    {
        var wire = new WireWriter(target);
        wire.Header(Fields.Counter, 1 + WireWriter.VarintLength(total));
        wire.Varint(Fields.CounterTotal);
        wire.Varint(total);
        return wire.Length;
    }
}
