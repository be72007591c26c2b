namespace Loggregator.Load.Reporting;

/// <summary>What went in.</summary>
internal sealed record SentReport
{
    /// <summary>Of the whole run, warm-up included.</summary>
    public required long Envelopes { get; init; }

    /// <summary>Of these, gauges; the rest are logs.</summary>
    public long Gauges { get; init; }

    public required long EnvelopesInWindow { get; init; }

    public required double WindowSeconds { get; init; }

    public required double PerSecond { get; init; }

    /// <summary>Of a log.</summary>
    public required int EnvelopeBytes { get; init; }

    public required int Links { get; init; }

    public required int Batch { get; init; }

    public required int Sources { get; init; }

    /// <summary>How far a link was behind its schedule at worst: what the receiver's pushing back has cost.</summary>
    public required double MaxLagMilliseconds { get; init; }

    /// <summary>Due, but not taken by the receiver before the end.</summary>
    public required long Owed { get; init; }

    public required long Breaks { get; init; }
}
