namespace Loggregator.Protocol.Internal;

/// <summary>The fields of AttachFrame's <c>Gap</c>, to write one without allocating it. Texts are UTF-8.</summary>
public readonly ref struct GapNotice
{
    /// <summary>The subscription that lost.</summary>
    public uint Subscription { get; init; }

    /// <summary>Source id of what was lost.</summary>
    public ReadOnlySpan<byte> SourceId { get; init; }

    /// <summary>Instance id of what was lost.</summary>
    public ReadOnlySpan<byte> InstanceId { get; init; }

    /// <summary>How many.</summary>
    public ulong Count { get; init; }

    /// <summary>Where.</summary>
    public ReadOnlySpan<byte> Hop { get; init; }

    /// <summary>Why.</summary>
    public ReadOnlySpan<byte> Reason { get; init; }

    /// <summary>Position of the first lost.</summary>
    public ulong FirstPosition { get; init; }

    /// <summary>Position of the last lost.</summary>
    public ulong LastPosition { get; init; }

    /// <summary>Timestamp of the first lost, UNIX nanoseconds.</summary>
    public long FirstTimestamp { get; init; }

    /// <summary>Timestamp of the last lost, UNIX nanoseconds.</summary>
    public long LastTimestamp { get; init; }

    /// <summary>The count is an upper bound.</summary>
    public bool UpperBound { get; init; }
}
