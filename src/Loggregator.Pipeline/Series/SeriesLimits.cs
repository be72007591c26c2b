namespace Loggregator.Pipeline.Series;

/// <summary>What the series may take.</summary>
public sealed record SeriesLimits
{
    /// <summary>The least memory there can be.</summary>
    public const long MinBytes = 1024 * 1024;

    /// <summary>Memory for everything that is held, in bytes.</summary>
    public long Bytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>Series of one source.</summary>
    public int MaxSeriesPerSource { get; init; } = 10_000;

    /// <summary>Series in all.</summary>
    public int MaxSeries { get; init; } = 200_000;
}
