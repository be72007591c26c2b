namespace Loggregator.Pipeline.Flow;

/// <summary>One row of <see cref="LossTable"/>; guarded by the table's lock.</summary>
internal sealed class LossEntry
{
    public LossEntry(byte[] key, int sourceOffset, int sourceLength, LossReason reason, string hop)
    {
        Key = key;
        Source = key.AsMemory(sourceOffset, sourceLength);
        Instance = key.AsMemory(sourceOffset + sourceLength);
        Reason = reason;
        Hop = hop;
        Node = new LinkedListNode<LossEntry>(this);
    }

    public byte[] Key { get; }

    public ReadOnlyMemory<byte> Source { get; }

    public ReadOnlyMemory<byte> Instance { get; }

    public LossReason Reason { get; }

    public string Hop { get; }

    /// <summary>In the list of pending entries while <see cref="Count"/> is not 0, else in that of told ones.</summary>
    public LinkedListNode<LossEntry> Node { get; }

    public long Count { get; private set; }

    public long Total { get; private set; }

    private long FirstTimestamp { get; set; }

    private long LastTimestamp { get; set; }

    private ulong FirstPosition { get; set; }

    private ulong LastPosition { get; set; }

    private bool UpperBound { get; set; }

    public Loss Snapshot() =>
        new(Source, Instance, Reason, Hop, Count, Total, FirstTimestamp, LastTimestamp, FirstPosition, LastPosition, UpperBound);

    public void Add(long count, long timestamp, ulong position, bool upperBound)
    {
        if (Count == 0)
        {
            (FirstTimestamp, LastTimestamp, FirstPosition, LastPosition, UpperBound) = (timestamp, timestamp, position, position, false);
        }

        FirstTimestamp = Math.Min(FirstTimestamp, timestamp);
        LastTimestamp = Math.Max(LastTimestamp, timestamp);
        FirstPosition = Math.Min(FirstPosition, position);
        LastPosition = Math.Max(LastPosition, position);
        UpperBound |= upperBound;
        Count += count;
        Total += count;
    }

    public void Told() => Count = 0;

    /// <summary>Takes over the history of an entry that leaves the table.</summary>
    public void AddTold(long total) => Total += total;
}
