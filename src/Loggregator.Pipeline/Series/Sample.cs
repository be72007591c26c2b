namespace Loggregator.Pipeline.Series;

/// <summary>One value of a series.</summary>
/// <param name="Time">UNIX milliseconds; may be negative.</param>
/// <param name="Value">Any double, NaNs with their bits.</param>
public readonly record struct Sample(long Time, double Value);
