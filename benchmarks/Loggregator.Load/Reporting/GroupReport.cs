namespace Loggregator.Load.Reporting;

/// <summary>What one group of readers got.</summary>
internal sealed record GroupReport
{
    public required string Name { get; init; }

    public required int Readers { get; init; }

    public required long Received { get; init; }

    public required double PerSecondInWindow { get; init; }

    public required long Missing { get; init; }

    public required long Duplicates { get; init; }

    public required long Late { get; init; }

    public required long Damaged { get; init; }

    public required long Foreign { get; init; }

    public required double EnvelopesPerMessage { get; init; }

    public required LatencyReport Latency { get; init; }

    public required IReadOnlyList<GapReport> Gaps { get; init; }

    public required long Breaks { get; init; }

    public required string LastError { get; init; }

    /// <summary>Received and gaps account for what was sent.</summary>
    public required bool Holds { get; init; }

    /// <summary>The sources of which not each envelope came exactly once.</summary>
    public required IReadOnlyList<SourceReport> Sources { get; init; }
}
