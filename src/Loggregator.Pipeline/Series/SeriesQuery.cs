namespace Loggregator.Pipeline.Series;

/// <summary>Which samples are read.</summary>
public sealed record SeriesQuery
{
    /// <summary>All have to match.</summary>
    public IReadOnlyList<LabelMatcher> Matchers { get; init; } = [];

    /// <summary>UNIX milliseconds, inclusive.</summary>
    public long From { get; init; } = long.MinValue;

    /// <summary>UNIX milliseconds, inclusive.</summary>
    public long To { get; init; } = long.MaxValue;

    /// <summary>Only which series have samples in this time (or nearly: of packed samples the first and last time are looked at).</summary>
    public bool LabelsOnly { get; init; }
}
