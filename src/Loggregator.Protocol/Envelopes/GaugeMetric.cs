namespace Loggregator.Protocol.Envelopes;

/// <summary>One metric of a gauge.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit, may be empty.</param>
public readonly record struct GaugeMetric(string Name, double Value, string Unit);
