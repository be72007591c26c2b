namespace Loggregator.Client;

/// <summary>Envelopes that this stream should have got are lost.</summary>
public sealed class StreamGap : StreamItem
{
    /// <summary>Whose they were.</summary>
    public string SourceId { get; init; } = "";

    /// <summary>Which instance's.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>How many; 0: not known, as when a Doppler crashed.</summary>
    public long Count { get; init; }

    /// <summary>Whether some of <see cref="Count"/> may have come.</summary>
    public bool IsUpperBound { get; init; }

    /// <summary>Where: <c>agent</c>, <c>doppler</c>, <c>traffic-controller</c>.</summary>
    public string Hop { get; init; } = "";

    /// <summary>Why, for example <c>ring_full</c> or <c>evicted</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Timestamp of the first of them; null: not known.</summary>
    public DateTimeOffset? First { get; init; }

    /// <summary>Timestamp of the last of them; null: not known.</summary>
    public DateTimeOffset? Last { get; init; }
}
