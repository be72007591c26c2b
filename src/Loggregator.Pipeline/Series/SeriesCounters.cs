namespace Loggregator.Pipeline.Series;

/// <summary>
/// The samples of a store. Always: received = appended + folded + replaced + too large, and held = appended − evicted. Samples that the store
/// makes itself, of http requests and of what it folded, are received too.
/// </summary>
public sealed class SeriesCounters
{
    internal long ReceivedCount, AppendedCount, FoldedCount, ReplacedCount, TooLargeCount, EvictedCount, LoadedCount;

    /// <summary>Samples handed to the store.</summary>
    public long Received => Volatile.Read(ref ReceivedCount);

    /// <summary>Samples that became part of a series.</summary>
    public long Appended => Volatile.Read(ref AppendedCount);

    /// <summary>Samples of series that there was no room for.</summary>
    public long Folded => Volatile.Read(ref FoldedCount);

    /// <summary>Samples in whose place, the same millisecond of the same series, another one came.</summary>
    public long Replaced => Volatile.Read(ref ReplacedCount);

    /// <summary>Samples whose names and tags are too long.</summary>
    public long TooLarge => Volatile.Read(ref TooLargeCount);

    /// <summary>Samples that left to make room.</summary>
    public long Evicted => Volatile.Read(ref EvictedCount);

    /// <summary>Of the appended ones, those that came from a snapshot.</summary>
    public long Loaded => Volatile.Read(ref LoadedCount);

    /// <summary>Samples that are there.</summary>
    public long Held => Appended - Evicted;
}
