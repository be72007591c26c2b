namespace Loggregator.Client;

/// <summary>
/// The accounts of an <see cref="Emitter"/>: offered = sent + lost + held whenever no call is under way. What the emitter itself sends to tell
/// of losses is not counted.
/// </summary>
/// <param name="Offered">Envelopes given to it, taken or not.</param>
/// <param name="Sent">Envelopes that the agent has confirmed.</param>
/// <param name="Lost">Envelopes lost, for whatever reason.</param>
/// <param name="Held">Envelopes that wait or are under way.</param>
/// <param name="LostByReason">Lost envelopes by reason; reasons that did not occur are left out.</param>
public sealed record EmitCounts(long Offered, long Sent, long Lost, long Held, IReadOnlyDictionary<EmitLossReason, long> LostByReason)
{
    /// <summary>The accounts in words.</summary>
    public override string ToString() =>
        $"{Offered} offered, {Sent} sent, {Held} held, {Lost} lost"
        + (LostByReason.Count == 0 ? "" : $" ({string.Join(", ", LostByReason.Select(loss => $"{loss.Key}: {loss.Value}"))})");
}
