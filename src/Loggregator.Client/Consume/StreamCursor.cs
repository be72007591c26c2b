using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Loggregator.Client.Consume;

/// <summary>
/// Where a reader stands at every Doppler that it has read, as one opaque text. Whoever speaks to the same Dopplers can go on from it.
/// Bytes: version 1, varint milliseconds of <see cref="MintedAt"/>, varint count, then per mark varint length and UTF-8 of the id,
/// incarnation as 8 bytes little-endian, varint next position; all base64url.
/// </summary>
internal sealed class StreamCursor
{
    private const byte Version = 1;
    private const int MaxText = 32 * 1024, MaxMarks = 1024, MaxIdBytes = 256;

    /// <summary>A cursor of these marks.</summary>
    /// <param name="mintedAt">UNIX nanoseconds; a Doppler without a mark is read from here on. Kept to the millisecond, rounded down.</param>
    /// <param name="marks">One mark per Doppler.</param>
    public StreamCursor(long mintedAt, IReadOnlyList<CursorMark> marks)
    {
        MintedAt = mintedAt;
        Marks = marks;
    }

    /// <summary>When the reader stood there, UNIX nanoseconds.</summary>
    public long MintedAt { get; }

    /// <summary>One mark per Doppler.</summary>
    public IReadOnlyList<CursorMark> Marks { get; }

    /// <summary>The mark of a Doppler, if there is one.</summary>
    public bool TryFind(string dopplerId, out CursorMark mark)
    {
        foreach (var candidate in Marks)
        {
            if (candidate.DopplerId == dopplerId)
            {
                mark = candidate;
                return true;
            }
        }

        mark = default;
        return false;
    }

    /// <summary>The text of this cursor.</summary>
    public override string ToString()
    {
        var size = 1 + 10 + 10;
        foreach (var mark in Marks)
        {
            size += 5 + Encoding.UTF8.GetByteCount(mark.DopplerId) + 8 + 10;
        }

        var bytes = size <= 512 ? stackalloc byte[size] : new byte[size];
        bytes[0] = Version;
        var at = 1;
        WriteVarint(bytes, ref at, (ulong)Math.Max(0, MintedAt / 1_000_000));
        WriteVarint(bytes, ref at, (ulong)Marks.Count);
        foreach (var mark in Marks)
        {
            WriteVarint(bytes, ref at, (ulong)Encoding.UTF8.GetByteCount(mark.DopplerId));
            at += Encoding.UTF8.GetBytes(mark.DopplerId, bytes[at..]);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], mark.Incarnation);
            at += sizeof(ulong);
            WriteVarint(bytes, ref at, mark.Next);
        }

        return Base64Url.EncodeToString(bytes[..at]);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; false for anything else.</summary>
    public static bool TryParse(string text, out StreamCursor? cursor)
    {
        cursor = null;
        if (text.Length is 0 or > MaxText || !Base64Url.IsValid(text))
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length == 0 || bytes[0] != Version)
        {
            return false;
        }

        bytes = bytes[1..];
        if (!ReadVarint(ref bytes, out var millis) || millis > long.MaxValue / 1_000_000 || !ReadVarint(ref bytes, out var count) || count > MaxMarks)
        {
            return false;
        }

        var marks = new CursorMark[(int)count];
        for (var i = 0; i < marks.Length; i++)
        {
            if (!TryReadMark(ref bytes, out marks[i]))
            {
                return false;
            }
        }

        if (bytes.Length != 0)
        {
            return false;
        }

        cursor = new StreamCursor((long)millis * 1_000_000, marks);
        return true;
    }

    private static bool TryReadMark(ref ReadOnlySpan<byte> bytes, out CursorMark mark)
    {
        mark = default;
        if (!ReadVarint(ref bytes, out var length) || length > MaxIdBytes || bytes.Length < (int)length + sizeof(ulong))
        {
            return false;
        }

        var id = Encoding.UTF8.GetString(bytes[..(int)length]);
        var incarnation = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(int)length..]);
        bytes = bytes[((int)length + sizeof(ulong))..];
        if (!ReadVarint(ref bytes, out var next))
        {
            return false;
        }

        mark = new CursorMark(id, incarnation, next);
        return true;
    }

    private static void WriteVarint(Span<byte> bytes, ref int at, ulong value)
    {
        while (value >= 0x80)
        {
            bytes[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        bytes[at++] = (byte)value;
    }

    private static bool ReadVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
