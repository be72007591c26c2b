using System.Buffers.Binary;
using System.IO.Hashing;

namespace Loggregator.Nozzle.Spool.Format;

/// <summary>
/// The first 64 bytes of a segment. Little-endian: magic (8), version (4), bytes of this header (4), number (8), salt (8), first record (8), created
/// (8, UNIX nanoseconds), zero (8), XxHash3 of all before (8). Magic, version and checksum stay where they are in every version.
/// </summary>
/// <param name="Number">Counts the segments of a spool; also in the file's name.</param>
/// <param name="Salt">Seeds the checksums of the segment's blocks, so that no text of an application can pass for a block; also in the file's name.</param>
/// <param name="FirstRecord">Number of its first record. What segments before it hold from this number on is void.</param>
/// <param name="CreatedAt">UNIX nanoseconds.</param>
internal readonly record struct SegmentHeader(ulong Number, ulong Salt, ulong FirstRecord, long CreatedAt)
{
    public const int Length = 64;

    /// <summary>The version that is written, and the newest that is read.</summary>
    public const uint Version = 1;

    private const int Checked = Length - 8;

    private static ReadOnlySpan<byte> Magic => "LGRSPOOL"u8;

    public void Write(Span<byte> target)
    {
        target[..Length].Clear();
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], FirstRecord);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], CreatedAt);
        BinaryPrimitives.WriteUInt64LittleEndian(target[Checked..], XxHash3.HashToUInt64(target[..Checked]));
    }

    /// <summary>Reads a header; false when it is damaged. One of a newer version is not read further: its <paramref name="version"/> says so.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out SegmentHeader header, out uint version)
    {
        header = default;
        version = 0;
        if (source.Length < Length || !source.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt64LittleEndian(source[Checked..]) != XxHash3.HashToUInt64(source[..Checked]))
        {
            return false;
        }

        version = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        if (version == Version)
        {
            header = new SegmentHeader(
                BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(source[40..]));
        }

        return true;
    }
}
