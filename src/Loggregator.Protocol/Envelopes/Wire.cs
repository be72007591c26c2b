using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// Protobuf's wire format over raw bytes. Every method takes a position and the end it must not pass, and returns the position behind
/// what it read, or <see cref="Bad"/>: so that the loops of the hot path keep position and end in registers.
/// Refuses what any strict reader refuses: varints over 64 bits, tags over 32 bits, field number 0, unbalanced groups.
/// </summary>
internal static class Wire
{
    /// <summary>Returned in place of a position when the bytes are malformed.</summary>
    public const int Bad = -1;

    /// <summary>Messages and groups nested deeper than this are refused, as Google.Protobuf does.</summary>
    public const int MaxDepth = 100;

    /// <summary>Wire types, the low three bits of a tag.</summary>
    public const int Varint = 0, Fixed64 = 1, LengthDelimited = 2, StartGroup = 3, EndGroup = 4, Fixed32 = 5;

    /// <summary>Reads a varint of at most 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadVarint(ref byte origin, int position, int end, out ulong value)
    {
        if (position < end)
        {
            value = Unsafe.Add(ref origin, position);
            if (value < 0x80)
            {
                return position + 1;
            }
        }

        return ReadLongVarint(ref origin, position, end, out value);
    }

    /// <summary>Reads a tag: 32 bits, field number not 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadTag(ref byte origin, int position, int end, out uint tag)
    {
        position = ReadVarint(ref origin, position, end, out var value);
        tag = (uint)value;
        return value is >= 8 and <= uint.MaxValue ? position : Bad;
    }

    /// <summary>Reads a length and checks that so many bytes follow; the returned position is that of the first of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadLength(ref byte origin, int position, int end, out int length)
    {
        position = ReadVarint(ref origin, position, end, out var value);
        length = (int)value;
        return position >= 0 && value <= (ulong)(end - position) ? position : Bad;
    }

    /// <summary>Skips the value of a field whose tag was just read.</summary>
    public static int Skip(ref byte origin, int position, int end, uint tag, int depth)
    {
        switch (tag & 7)
        {
            case Varint:
                return ReadVarint(ref origin, position, end, out _);
            case Fixed64:
                return end - position >= 8 ? position + 8 : Bad;
            case LengthDelimited:
                position = ReadLength(ref origin, position, end, out var length);
                return position < 0 ? Bad : position + length;
            case StartGroup:
                return SkipGroup(ref origin, position, end, tag, depth);
            case Fixed32:
                return end - position >= 4 ? position + 4 : Bad;
            default:
                return Bad; // an end without its start, or a wire type that does not exist
        }
    }

    /// <summary>Reads eight little-endian bytes.</summary>
    public static int ReadFixed64(ref byte origin, int position, int end, out ulong value)
    {
        var there = end - position >= 8;
        value = there ? BinaryPrimitives.ReadUInt64LittleEndian(Slice(ref origin, position, 8)) : 0;
        return there ? position + 8 : Bad;
    }

    /// <summary>Reads four little-endian bytes.</summary>
    public static int ReadFixed32(ref byte origin, int position, int end, out ulong value)
    {
        var there = end - position >= 4;
        value = there ? BinaryPrimitives.ReadUInt32LittleEndian(Slice(ref origin, position, 4)) : 0;
        return there ? position + 4 : Bad;
    }

    /// <summary>A span over bytes of the same message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<byte> Slice(ref byte origin, int position, int length) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref origin, position), length);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ReadLongVarint(ref byte origin, int position, int end, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (position >= end || position < 0)
            {
                return Bad;
            }

            var next = Unsafe.Add(ref origin, position++);
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return shift == 63 && next > 1 ? Bad : position; // the tenth byte holds the 64th bit alone
            }
        }

        return Bad;
    }

    private static int SkipGroup(ref byte origin, int position, int end, uint startTag, int depth)
    {
        if (depth >= MaxDepth)
        {
            return Bad;
        }

        while (true)
        {
            position = ReadTag(ref origin, position, end, out var tag);
            if (position < 0)
            {
                return Bad;
            }

            if ((tag & 7) == EndGroup)
            {
                return tag >> 3 == startTag >> 3 ? position : Bad;
            }

            position = Skip(ref origin, position, end, tag, depth + 1);
            if (position < 0)
            {
                return Bad;
            }
        }
    }
}
