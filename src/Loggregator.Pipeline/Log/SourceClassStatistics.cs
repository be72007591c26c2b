namespace Loggregator.Pipeline.Log;

/// <summary>What the log knows of one source's envelopes of one class.</summary>
/// <param name="HeldEnvelopes">Envelopes that are held.</param>
/// <param name="HeldBytes">Their bytes.</param>
/// <param name="Evicted">Envelopes that left the log.</param>
public readonly record struct SourceClassStatistics(long HeldEnvelopes, long HeldBytes, long Evicted);
