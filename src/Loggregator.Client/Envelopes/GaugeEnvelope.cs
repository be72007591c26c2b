namespace Loggregator.Client;

/// <summary>Values that were measured together.</summary>
public sealed class GaugeEnvelope : Envelope
{
    /// <summary>The values, no name twice.</summary>
    public IReadOnlyList<GaugeReading> Readings { get; init; } = [];
}
