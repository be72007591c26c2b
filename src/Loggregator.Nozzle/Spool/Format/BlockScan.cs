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
            var next = bytes[1..].IndexOf(BlockHeader.Magic);
            length = next >= 0 ? next + 1 : bytes.Length - (BlockHeader.Magic.Length - 1);
            return BlockFound.Garbage;
        }

        length = header.BlockLength;
        return bytes.Length < length ? BlockFound.NeedsMore : header.HoldsFor(bytes, salt) ? BlockFound.Block : BlockFound.Damaged;
    }
}
