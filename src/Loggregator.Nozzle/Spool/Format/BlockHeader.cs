using System.Buffers.Binary;
using System.IO.Hashing;

namespace Loggregator.Nozzle.Spool.Format;

/// <summary>
/// The first 64 bytes of a block. Little-endian: magic (4), kind (4), bytes of the origin (4), bytes of the records (4), count (4), zero (4), first
/// record (8), next record (8), appended (8, UNIX nanoseconds), checksum of origin and records (8), checksum of all before (8). Behind it the origin
/// (<see cref="BlockOrigin"/>) and the records (<c>0A varint(length) envelope</c>). Checksums are XxHash3, seeded with the segment's salt.
/// </summary>
internal readonly record struct BlockHeader(BlockKind Kind, int OriginLength, int RecordsLength, int Count, ulong FirstRecord, ulong NextRecord, long AppendedAt)
{
    public const int Length = 64;

    /// <summary>No block is longer, header included.</summary>
    public const int MaxBlockLength = 24 * 1024 * 1024;

    private const int Checked = Length - 8, BodyChecksumAt = Checked - 8;

    /// <summary>How every block begins.</summary>
    public static ReadOnlySpan<byte> Magic => [0xB1, 0x0C, 0x1E, 0x67];

    public int BlockLength => Length + OriginLength + RecordsLength;

    /// <summary>Writes the header in front of an origin: <paramref name="head"/> is header and origin, the records come from elsewhere.</summary>
    public void Write(Span<byte> head, ReadOnlySpan<byte> records, ulong salt)
    {
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], (uint)Kind);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], OriginLength);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], RecordsLength);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], FirstRecord);
        BinaryPrimitives.WriteUInt64LittleEndian(head[32..], NextRecord);
        BinaryPrimitives.WriteInt64LittleEndian(head[40..], AppendedAt);
        BinaryPrimitives.WriteUInt64LittleEndian(head[BodyChecksumAt..], BodyChecksum(head.Slice(Length, OriginLength), records, salt));
        BinaryPrimitives.WriteUInt64LittleEndian(head[Checked..], XxHash3.HashToUInt64(head[..Checked], (long)salt));
    }

    /// <summary>Reads a header whose own checksum holds; never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ulong salt, out BlockHeader header)
    {
        header = default;
        if (source.Length < Length || !source.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt64LittleEndian(source[Checked..]) != XxHash3.HashToUInt64(source[..Checked], (long)salt))
        {
            return false;
        }

        header = new BlockHeader(
            (BlockKind)BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[40..]));
        return header is { OriginLength: >= 0, RecordsLength: >= 0, Count: >= 0 }
            && (long)header.OriginLength + header.RecordsLength <= MaxBlockLength - Length
            && header.FirstRecord < header.NextRecord;
    }

    /// <summary>Whether origin and records of a whole block are as they were written.</summary>
    public bool HoldsFor(ReadOnlySpan<byte> block, ulong salt) =>
        BinaryPrimitives.ReadUInt64LittleEndian(block[BodyChecksumAt..])
        == BodyChecksum(block.Slice(Length, OriginLength), block.Slice(Length + OriginLength, RecordsLength), salt);

    private static ulong BodyChecksum(ReadOnlySpan<byte> origin, ReadOnlySpan<byte> records, ulong salt) =>
        XxHash3.HashToUInt64(records, (long)XxHash3.HashToUInt64(origin, (long)salt));
}
