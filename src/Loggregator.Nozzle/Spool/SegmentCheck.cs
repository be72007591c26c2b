namespace Loggregator.Nozzle.Spool;

/// <summary>What reading every block of a segment found.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Blocks">Blocks whose checksums hold.</param>
/// <param name="HeaderDamaged">The segment's own header is damaged; its blocks are read all the same.</param>
/// <param name="DamagedPlaces">Blocks whose content is not as it was written, and stretches without a readable block.</param>
/// <param name="Missing">Envelopes that cannot be read back.</param>
/// <param name="UnfinishedBytes">At the end of the last segment: a write that a crash cut off, of which nothing was acknowledged.</param>
internal sealed record SegmentCheck(SpoolSegment Segment, long Blocks, bool HeaderDamaged, int DamagedPlaces, long Missing, long UnfinishedBytes)
{
    /// <summary>Something that was stored is not as it was.</summary>
    public bool Damaged => HeaderDamaged || DamagedPlaces > 0 || Missing > 0;
}
