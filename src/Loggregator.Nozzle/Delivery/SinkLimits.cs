namespace Loggregator.Nozzle.Delivery;

/// <summary>How a sink wants its batches.</summary>
/// <param name="MaxBytes">A batch is not filled beyond this; a single larger record comes alone.</param>
/// <param name="MaxRecords">A batch has at most so many records.</param>
/// <param name="MaxInFlight">Batches handed over and not answered.</param>
/// <param name="Linger">How long a batch that is not full waits for more; zero hands it over at once.</param>
internal sealed record SinkLimits(int MaxBytes, int MaxRecords, int MaxInFlight = 1, TimeSpan Linger = default);
