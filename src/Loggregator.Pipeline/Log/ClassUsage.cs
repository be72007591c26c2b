namespace Loggregator.Pipeline.Log;

/// <summary>How one class fares in the log. At any time appended = held + evicted, by envelopes and by bytes.</summary>
public readonly record struct ClassUsage
{
    /// <summary>Bytes that the class may use, rows included; more while the other one needs less of its own.</summary>
    public required long Budget { get; init; }

    /// <summary>Envelopes appended, those loaded from a snapshot included.</summary>
    public required long Envelopes { get; init; }

    /// <summary>Their bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Envelopes that are held.</summary>
    public required long HeldEnvelopes { get; init; }

    /// <summary>Their bytes.</summary>
    public required long HeldBytes { get; init; }

    /// <summary>Envelopes that left the log.</summary>
    public required long EvictedEnvelopes { get; init; }

    /// <summary>Their bytes.</summary>
    public required long EvictedBytes { get; init; }

    /// <summary>How far back the class is complete: from its newest envelope to the oldest one from which on nothing of it was evicted.</summary>
    public required TimeSpan Horizon { get; init; }

    /// <summary>From the newest envelope to the oldest one that is held, of which a quiet source may be.</summary>
    public required TimeSpan Oldest { get; init; }
}
