namespace Loggregator.Pipeline.Series;

/// <summary>Which samples are read.</summary>
public sealed record SeriesQuery
{
    /// <summary>Of these sources alone; null: of all.</summary>
    public IReadOnlyCollection<string>? SourceIds { get; init; }

    /// <summary>Of metrics with these names (UTF-8) alone; null: of all. A name comes as the same array each time.</summary>
    public Func<byte[], bool>? Names { get; init; }

    /// <summary>Of these identities alone, see <see cref="SeriesCursor.Identity"/>; null: of all. Asked once for each that has such a name.</summary>
    public Func<byte[], bool>? Identities { get; init; }

    /// <summary>UNIX milliseconds, inclusive.</summary>
    public long From { get; init; } = long.MinValue;

    /// <summary>UNIX milliseconds, inclusive.</summary>
    public long To { get; init; } = long.MaxValue;

    /// <summary>Only which series have samples in this time (or nearly: of packed samples the first and last time are looked at).</summary>
    public bool LabelsOnly { get; init; }
}
