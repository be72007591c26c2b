namespace Loggregator.Nozzle.Spool.Format;

/// <summary>What stands at a place of a segment.</summary>
internal enum BlockFound
{
    /// <summary>A block that is as it was written; <c>Length</c> is its length.</summary>
    Block,

    /// <summary>The block's header holds and its content does not; the next may begin <c>Length</c> bytes further on.</summary>
    Damaged,

    /// <summary>No block; the next may begin <c>Length</c> bytes further on.</summary>
    Garbage,

    /// <summary>To say more, <c>Length</c> bytes from here on are needed.</summary>
    NeedsMore,
}
