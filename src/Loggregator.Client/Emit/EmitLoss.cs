namespace Loggregator.Client;

/// <summary>Envelopes that an <see cref="Emitter"/> has lost since it last told so.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many; of <see cref="EmitLossReason.Unconfirmed"/> at most so many.</param>
/// <param name="Detail">What the last failure to reach the agent was, in words; empty if there was none.</param>
public sealed record EmitLoss(EmitLossReason Reason, long Count, string Detail);
