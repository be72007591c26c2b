namespace Loggregator.Pipeline.Rings;

/// <summary>What one <see cref="FairRing.Take"/> has moved into a message.</summary>
/// <param name="Envelopes">How many.</param>
/// <param name="Charge">What stays charged to the ring until it is given to <see cref="FairRing.Release"/>.</param>
public readonly record struct RingTake(int Envelopes, int Charge);
