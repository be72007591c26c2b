namespace Loggregator.Doppler.Lifetime;

/// <summary>
/// What a snapshot consists of behind its head, <c>LGRSNAP</c> and the version's byte: blocks of kind (1 byte), length (4, little-endian), so many bytes, and
/// the XxHash3-64 (8) of all that, seeded with the block's number, so that none is missing, repeated or moved. A <see cref="Section"/> block has the name of the
/// <see cref="Bytes"/> blocks that follow it; <see cref="End"/> is the last.
/// </summary>
internal static class SnapshotBlock
{
    public const byte Section = 1, Bytes = 2, End = 3;

    public const byte Version = 1;

    /// <summary>Kind and length; the hash.</summary>
    public const int HeadLength = 5, HashLength = 8;

    /// <summary>The most bytes of one block.</summary>
    public const int MaxLength = 1024 * 1024;

    public static ReadOnlySpan<byte> Magic => "LGRSNAP"u8;
}
