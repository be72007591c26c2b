using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Loggregator.Client.Consume;

namespace Loggregator.Nozzle.Spool.Format;

/// <summary>
/// Where the records of a block come from: varint length and UTF-8 of the Doppler's id, incarnation (8), varint position of the first record, and
/// unless the positions are consecutive, a varint for each further record: how far it is behind the one before.
/// </summary>
internal static class BlockOrigin
{
    private const int MaxVarint = 10;

    /// <summary>Appends an origin; <paramref name="positions"/> is empty for consecutive positions, else has one per record, none smaller than the one before.</summary>
    public static void Write(IBufferWriter<byte> target, DopplerIdentity doppler, ulong firstPosition, ReadOnlySpan<ulong> positions)
    {
        var idLength = Encoding.UTF8.GetByteCount(doppler.Id);
        var span = target.GetSpan(idLength + 8 + (MaxVarint * (2 + positions.Length)));
        var at = WriteVarint(span, (uint)idLength);
        at += Encoding.UTF8.GetBytes(doppler.Id, span[at..]);
        BinaryPrimitives.WriteUInt64LittleEndian(span[at..], doppler.Incarnation);
        at += 8;
        at += WriteVarint(span[at..], positions.IsEmpty ? firstPosition : positions[0]);
        for (var i = 1; i < positions.Length; i++)
        {
            at += WriteVarint(span[at..], positions[i] - positions[i - 1]);
        }

        target.Advance(at);
    }

    /// <summary>Reads an origin whose block's checksum holds. What is left in <paramref name="deltas"/> is for <see cref="ReadDelta"/>; empty: consecutive.</summary>
    public static bool TryRead(ReadOnlySpan<byte> origin, out ReadOnlySpan<byte> id, out ulong incarnation, out ulong firstPosition, out ReadOnlySpan<byte> deltas)
    {
        id = deltas = default;
        incarnation = firstPosition = 0;
        if (!TryReadVarint(ref origin, out var length) || length > (ulong)origin.Length || (ulong)origin.Length - length < 8)
        {
            return false;
        }

        id = origin[..(int)length];
        incarnation = BinaryPrimitives.ReadUInt64LittleEndian(origin[(int)length..]);
        deltas = origin[((int)length + 8)..];
        return TryReadVarint(ref deltas, out firstPosition);
    }

    /// <summary>Takes the next distance; 1 when none is written.</summary>
    public static ulong ReadDelta(ref ReadOnlySpan<byte> deltas) => TryReadVarint(ref deltas, out var delta) ? delta : 1;

    private static int WriteVarint(Span<byte> target, ulong value)
    {
        var length = 0;
        while (value >= 0x80)
        {
            target[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[length++] = (byte)value;
        return length;
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> source, out ulong value)
    {
        value = 0;
        for (var i = 0; i < source.Length && i < MaxVarint; i++)
        {
            value |= (ulong)(source[i] & 0x7F) << (7 * i);
            if (source[i] < 0x80)
            {
                source = source[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
