namespace Loggregator.Nozzle.Spool.Format;

/// <summary>Finds blocks in bytes of a segment, also behind damage. Pure.</summary>
internal static class BlockScan
{
    public static BlockFound At(ReadOnlySpan<byte> bytes, ulong salt, out BlockHeader header, out int length)
    {
        header = default;
        length = BlockHeader.Length;
        if (bytes.Length < BlockHeader.Length)
        {
            return BlockFound.NeedsMore;
        }

        if (!BlockHeader.TryRead(bytes, salt, out header))
        {
            length = NextCandidate(bytes) is > 0 and var next ? next : bytes.Length - (BlockHeader.Magic.Length - 1);
            return BlockFound.Garbage;
        }

        length = header.BlockLength;
        if (bytes.Length < length)
        {
            return BlockFound.NeedsMore;
        }

        if (header.HoldsFor(bytes, salt))
        {
            return BlockFound.Block;
        }

        // Where bytes are missing, the next block begins too early: in this one, if only with a part of its magic.
        var searched = bytes[..Math.Min(bytes.Length, length + BlockHeader.Magic.Length - 1)];
        length = NextCandidate(searched) is > 0 and var inside ? inside : length;
        return BlockFound.Damaged;
    }

    private static int NextCandidate(ReadOnlySpan<byte> bytes) => bytes[1..].IndexOf(BlockHeader.Magic) + 1;
}
