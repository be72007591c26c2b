using Loggregator.Pipeline.Flow;

namespace Loggregator.Client;

/// <summary>Why an <see cref="Emitter"/> lost envelopes.</summary>
public enum EmitLossReason
{
    /// <summary>The queue was full; told to the agent as <c>ring_full</c>.</summary>
    QueueFull = (int)LossReason.RingFull,

    /// <summary>Larger than <see cref="EmitterOptions.MaxEnvelopeBytes"/>, or than the queue; <c>too_large</c>.</summary>
    TooLarge = (int)LossReason.TooLarge,

    /// <summary>What was given as a serialised envelope is none; <c>invalid</c>.</summary>
    Invalid = (int)LossReason.Invalid,

    /// <summary>The agent was not reached within <see cref="EmitterOptions.RetryFor"/>; <c>peer_gone</c>.</summary>
    AgentUnreachable = (int)LossReason.PeerGone,

    /// <summary>Sent and not answered as it should be, so some may have arrived: an upper bound; <c>unconfirmed</c>.</summary>
    Unconfirmed = (int)LossReason.Unconfirmed,

    /// <summary>The agent refused the call, for example for want of the right certificate; <c>forbidden</c>.</summary>
    Refused = (int)LossReason.Forbidden,

    /// <summary>The emitter was closed before they could be sent; <c>shutdown</c>.</summary>
    Shutdown = (int)LossReason.Shutdown,
}
