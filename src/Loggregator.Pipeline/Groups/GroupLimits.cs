namespace Loggregator.Pipeline.Groups;

/// <summary>What acknowledged groups may take.</summary>
public sealed record GroupLimits
{
    /// <summary>How long a group without members keeps its mark.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Groups there may be, those without members included; to make room for a new one, the one that has been without members for longest goes.</summary>
    public int MaxGroups { get; init; } = 64;

    /// <summary>Bytes that a member may have unacknowledged; it gets nothing more until it acknowledges.</summary>
    public long MaxInFlightBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Envelopes that a member may have unacknowledged.</summary>
    public int MaxInFlight { get; init; } = 256 * 1024;
}
