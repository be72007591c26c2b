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

    /// <summary>Matchers have the names of metrics and labels as Prometheus writes them, see <see cref="Protocol.Selectors.MetricNames"/>.</summary>
    public bool MetricNames { get; init; }

    /// <summary>Of these sources alone; null: of all.</summary>
    public IReadOnlyList<string>? SourceIds { get; init; }
}
