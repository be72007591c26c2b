namespace Loggregator.Protocol.Envelopes;

/// <summary>What a gap record says.</summary>
public readonly ref struct GapFields
{
    /// <summary>Source id of the stream that lost.</summary>
    public ReadOnlySpan<byte> SourceId { get; init; }

    /// <summary>Instance id of the stream that lost.</summary>
    public ReadOnlySpan<byte> InstanceId { get; init; }

    /// <summary>How many were lost.</summary>
    public ulong Count { get; init; }

    /// <summary>Where: <c>agent</c>, <c>doppler</c>, <c>traffic-controller</c>.</summary>
    public ReadOnlySpan<byte> Hop { get; init; }

    /// <summary>Why: <c>ring_full</c>, <c>evicted</c> …</summary>
    public ReadOnlySpan<byte> Reason { get; init; }

    /// <summary>Of the last lost, UNIX nanoseconds.</summary>
    public long Timestamp { get; init; }

    /// <summary>The count is an upper bound.</summary>
    public bool UpperBound { get; init; }
}
