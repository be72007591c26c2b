namespace Loggregator.Pipeline.Series;

/// <summary>What a series' values are.</summary>
public enum SeriesKind : byte
{
    /// <summary>Totals that grow, and begin anew where they shrink.</summary>
    Counter,

    /// <summary>Values that go up and down.</summary>
    Gauge,
}
