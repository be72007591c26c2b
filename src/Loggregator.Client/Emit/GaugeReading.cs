namespace Loggregator.Client;

/// <summary>One metric of a gauge.</summary>
/// <param name="Name">Its name, unique within its gauge.</param>
/// <param name="Value">Its value.</param>
/// <param name="Unit">Its unit, for example <c>bytes</c>; may be empty.</param>
public readonly record struct GaugeReading(string Name, double Value, string Unit = "");
