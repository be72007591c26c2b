namespace Loggregator.Load.Reporting;

/// <summary>The outcome of a run, as it goes into the JSON file.</summary>
internal sealed record LoadReport
{
    public required string Started { get; init; }

    public required string Machine { get; init; }

    public required string Command { get; init; }

    public required SentReport Sent { get; init; }

    public required IReadOnlyList<GroupReport> Groups { get; init; }

    public required IReadOnlyList<ProcessReport> Processes { get; init; }

    /// <summary>By page, then series: growth over the window.</summary>
    public required IReadOnlyDictionary<string, SortedDictionary<string, double>> Scrapes { get; init; }

    /// <summary>Every group got, or was told to have missed, what was sent; source by source.</summary>
    public required bool Holds { get; init; }
}
