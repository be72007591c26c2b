using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>
/// IngestBatch without the generated class. A writer calls <see cref="WriteHeader"/> and appends records, in any order: later header fields
/// override earlier ones, so a sent batch becomes one for another Doppler by a second header behind it.
/// </summary>
public static class IngestBatchCodec
{
    /// <summary>The most bytes that <see cref="WriteHeader"/> writes.</summary>
    public const int MaxHeaderLength = 11 + 2;

    private const uint N = 16, Resent = 24, Hello = 34;

    /// <summary>Writes number and mark; both are written in any case, so that they override an earlier header.</summary>
    public static void WriteHeader(IBufferWriter<byte> writer, ulong n, bool resent)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var wire = new WireWriter(writer.GetSpan(MaxHeaderLength));
        wire.Varint(N);
        wire.Varint(n);
        wire.Varint(Resent);
        wire.Varint(resent ? 1u : 0);
        wire.CommitTo(writer);
    }

    /// <summary>
    /// Reads everything but the records, which <see cref="RecordReader"/> walks. False when the message is malformed at its top level:
    /// then nothing of it may be used.
    /// </summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> message, out IngestBatchHeader header)
    {
        header = default;
        var fields = new FieldReader(message);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Envelopes.Records.Tag:
                    header.Records++;
                    break;
                case N:
                    header.N = fields.Number;
                    break;
                case Resent:
                    header.Resent = fields.Number != 0;
                    break;
                case Hello:
                    header.Hello = fields.Range;
                    header.HasHello = true;
                    break;
                default:
                    break;
            }
        }

        return !fields.Malformed;
    }
}
