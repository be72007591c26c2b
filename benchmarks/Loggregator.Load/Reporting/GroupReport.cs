using Loggregator.Load.Accounting;

namespace Loggregator.Load.Reporting;

/// <summary>What one group of readers got.</summary>
internal sealed record GroupReport
{
    /// <summary>More groups of tailers than this are reported as one.</summary>
    public const int Crowd = 8;

    /// <summary>More sources are not listed, those that do not hold first.</summary>
    public const int MaxSources = 50;

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

    /// <summary>What many groups got together.</summary>
    public static GroupReport Merge(IReadOnlyCollection<GroupReport> groups, IEnumerable<LatencyHistogram> latencies)
    {
        var latency = new LatencyHistogram();
        foreach (var one in latencies)
        {
            latency.Add(one);
        }

        return new GroupReport
        {
            Name = "tailers",
            Readers = groups.Sum(g => g.Readers),
            Received = groups.Sum(g => g.Received),
            PerSecondInWindow = Math.Round(groups.Sum(g => g.PerSecondInWindow), 1),
            Missing = groups.Sum(g => g.Missing),
            Duplicates = groups.Sum(g => g.Duplicates),
            Late = groups.Sum(g => g.Late),
            Damaged = groups.Sum(g => g.Damaged),
            Foreign = groups.Sum(g => g.Foreign),
            EnvelopesPerMessage = Math.Round(groups.Average(g => g.EnvelopesPerMessage), 1),
            Latency = LatencyReport.Of(latency),
            Gaps = [.. groups.SelectMany(g => g.Gaps).GroupBy(g => (g.Hop, g.Reason, g.UpperBound)).Select(g => g.First() with { Count = g.Sum(x => x.Count) })],
            Breaks = groups.Sum(g => g.Breaks),
            LastError = groups.Select(g => g.LastError).FirstOrDefault(e => e.Length > 0, ""),
            Holds = groups.All(g => g.Holds),
            Sources = [.. groups.SelectMany(g => g.Sources).OrderBy(source => source.Holds).Take(MaxSources)],
        };
    }
}
