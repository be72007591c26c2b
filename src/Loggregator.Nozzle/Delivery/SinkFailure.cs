namespace Loggregator.Nozzle.Delivery;

/// <summary>Why an attempt failed.</summary>
/// <param name="Reason">A phrase, secrets struck out.</param>
/// <param name="At">When.</param>
internal sealed record SinkFailure(string Reason, DateTimeOffset At);
