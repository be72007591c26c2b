using System.Buffers.Binary;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// The number that the first of our tiers gives an envelope: field 1001, <c>{1: fixed32 epoch, 2: varint sequence}</c>, counted from 1 per
/// (source id, instance id, type). Original tiers carry it as an unknown field. Written behind the envelope's bytes, because the last wins.
/// </summary>
public static class Stamp
{
    /// <summary>The most bytes that <see cref="Write"/> writes.</summary>
    public const int MaxLength = 3 + 5 + 11;

    private const uint Epoch = 13, Sequence = 16;

    /// <summary>Writes the field and returns its length.</summary>
    public static int Write(Span<byte> target, uint epoch, ulong sequence)
    {
        var writer = new WireWriter(target);
        writer.Header(Fields.Stamp, 6 + WireWriter.VarintLength(sequence));
        writer.Fixed32(Epoch, epoch);
        writer.Varint(Sequence);
        writer.Varint(sequence);
        return writer.Length;
    }

    /// <summary>Reads the stamp that the header names; false if there is none, or none that one of our tiers would write.</summary>
    public static bool TryRead(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header, out uint epoch, out ulong sequence)
    {
        epoch = 0;
        sequence = 0;
        if ((header.Flags & EnvelopeFlags.Stamped) == 0)
        {
            return false;
        }

        var stamp = header.Stamp.Of(envelope);
        if (TryReadAsWritten(stamp, out epoch, out sequence))
        {
            return sequence != 0;
        }

        (epoch, sequence) = (0, 0);
        var fields = new FieldReader(stamp);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Epoch:
                    epoch = (uint)fields.Number;
                    break;
                case Sequence:
                    sequence = fields.Number;
                    break;
                default:
                    break;
            }
        }

        return !fields.Malformed && sequence != 0;
    }

    // The form that Write gives it; another, however odd, is read as protobuf's readers would.
    private static bool TryReadAsWritten(ReadOnlySpan<byte> stamp, out uint epoch, out ulong sequence)
    {
        (epoch, sequence) = (0, 0);
        if (stamp.Length is < 7 or > 15 || stamp[0] != Epoch || stamp[5] != Sequence)
        {
            return false;
        }

        epoch = BinaryPrimitives.ReadUInt32LittleEndian(stamp[1..]);
        var shift = 0;
        foreach (var part in stamp[6..])
        {
            sequence |= (ulong)(part & 0x7F) << shift;
            shift += 7;
        }

        // One varint and nothing behind it: of all its bytes only the last has no continuation bit.
        return stamp[^1] < 0x80 && stamp[6..^1].IndexOfAnyInRange((byte)0, (byte)0x7F) < 0;
    }
}
