namespace Loggregator.Pipeline.Log;

/// <summary>
/// A log as a stream of bytes, little-endian: a head, what is known of each source that holds envelopes, blocks of rows from the oldest to the
/// newest, and totals. Of a row its length, kind and bytes are written; all else is read from the envelope again. Whoever writes it somewhere
/// adds a checksum.
/// </summary>
internal static class LogSnapshot
{
    public const int Version = 1;

    /// <summary>Version, number of sources.</summary>
    public const int HeadBytes = 4 + 4;

    /// <summary>Of a source beside its id: length of the id, whether it stands for all that are not indexed apart, counters.</summary>
    public const int SourceBytes = 2 + 1 + (8 * (4 + TypeCounts.Length));

    /// <summary>Rows, bytes, and seconds since they were appended. A block of no rows is the last.</summary>
    public const int BlockHeadBytes = 4 + 4 + 8;

    /// <summary>Length and kind.</summary>
    public const int RowBytes = 4 + 1;

    /// <summary>Rows, bytes; of each class how many of the first rows are from where something of the class was evicted, 0 if nothing ever was.</summary>
    public const int TotalsBytes = 8 * 4;

    /// <summary>Bytes of rows that a block has, unless it is one row.</summary>
    public const int BlockBytes = 1024 * 1024;

    /// <summary>No row is larger: a record and the bytes that it came as are each limited by a message.</summary>
    public const int MaxBlockBytes = 32 * 1024 * 1024;
}
