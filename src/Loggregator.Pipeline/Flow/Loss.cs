namespace Loggregator.Pipeline.Flow;

/// <summary>What one stream lost for one reason, as <see cref="LossTable"/> tells it. The memories stay valid.</summary>
/// <param name="SourceId">UTF-8; <c>other</c> when it stands for sources that had no entry of their own.</param>
/// <param name="InstanceId">UTF-8.</param>
/// <param name="Reason">Why.</param>
/// <param name="Hop">Which tier lost it; empty when it is the tier that keeps the table.</param>
/// <param name="Count">Envelopes lost and not yet told.</param>
/// <param name="Total">Envelopes lost since the entry exists, told or not.</param>
/// <param name="FirstTimestamp">Of the first one of <paramref name="Count"/>, UNIX nanoseconds.</param>
/// <param name="LastTimestamp">Of the last one, UNIX nanoseconds.</param>
/// <param name="FirstPosition">In the log, where there is one; else 0.</param>
/// <param name="LastPosition">In the log, where there is one; else 0.</param>
/// <param name="UpperBound">At most so many: some of them may have arrived.</param>
public readonly record struct Loss(
    ReadOnlyMemory<byte> SourceId,
    ReadOnlyMemory<byte> InstanceId,
    LossReason Reason,
    string Hop,
    long Count,
    long Total,
    long FirstTimestamp,
    long LastTimestamp,
    ulong FirstPosition,
    ulong LastPosition,
    bool UpperBound);
