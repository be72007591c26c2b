using System.Buffers.Binary;
using System.IO.Hashing;

namespace Loggregator.Nozzle.Spool.Format;

/// <summary>
/// One state of a read mark. Little-endian: magic (8), version (4), count (4), generation (8), id of the spool (8), per delivered range first record and
/// the one behind the last (16), XxHash3 of all before (8). Magic, version and the place of the checksum stay in every version.
/// </summary>
internal static class MarkSlot
{
    public const uint Version = 1;

    /// <summary>More ranges are not kept: what is left out is delivered once more after a restart.</summary>
    public const int MaxRanges = 1000;

    /// <summary>The most bytes of a slot.</summary>
    public const int MaxLength = Head + (MaxRanges * 16) + 8;

    private const int Head = 32;

    private static ReadOnlySpan<byte> Magic => "LGRSMARK"u8;

    /// <summary>Writes a state and returns its length.</summary>
    public static int Write(Span<byte> target, ulong generation, ulong spoolId, IReadOnlyList<RecordRange> delivered)
    {
        var count = Math.Min(delivered.Count, MaxRanges);
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], count);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], generation);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], spoolId);
        var at = Head;
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(target[at..], delivered[i].From);
            BinaryPrimitives.WriteUInt64LittleEndian(target[(at + 8)..], delivered[i].To);
            at += 16;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(target[at..], XxHash3.HashToUInt64(target[..at]));
        return at + 8;
    }

    /// <summary>Reads a state; false when it is damaged, or of a newer version, which <paramref name="version"/> says.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out uint version, out ulong generation, out ulong spoolId, out RecordRange[] delivered)
    {
        (version, generation, spoolId, delivered) = (0, 0, 0, []);
        if (source.Length < Head + 8 || !source.StartsWith(Magic))
        {
            return false;
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(source[12..]);
        if (count is < 0 or > MaxRanges || source.Length < Head + (count * 16) + 8)
        {
            return false;
        }

        var end = Head + (count * 16);
        if (BinaryPrimitives.ReadUInt64LittleEndian(source[end..]) != XxHash3.HashToUInt64(source[..end]))
        {
            return false;
        }

        version = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        generation = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]);
        spoolId = BinaryPrimitives.ReadUInt64LittleEndian(source[24..]);
        delivered = new RecordRange[count];
        for (var i = 0; i < count; i++)
        {
            var at = Head + (i * 16);
            delivered[i] = new RecordRange(BinaryPrimitives.ReadUInt64LittleEndian(source[at..]), BinaryPrimitives.ReadUInt64LittleEndian(source[(at + 8)..]));
        }

        return version == Version;
    }
}
