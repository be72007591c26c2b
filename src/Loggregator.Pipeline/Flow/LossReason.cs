namespace Loggregator.Pipeline.Flow;

/// <summary>Why envelopes were lost, or never taken. The texts of <see cref="LossReasonText"/> are what metrics and gap records carry.</summary>
public enum LossReason : byte
{
    /// <summary>The agent's ring was full and this source was a heaviest one.</summary>
    RingFull,

    /// <summary>The log moved on before the subscription had read it.</summary>
    Evicted,

    /// <summary>Not a valid envelope: structure or UTF-8.</summary>
    Invalid,

    /// <summary>Larger than the reader takes.</summary>
    TooLarge,

    /// <summary>The reader left before it was written.</summary>
    PeerGone,

    /// <summary>Sent to an original Doppler whose stream broke: an upper bound.</summary>
    Unconfirmed,

    /// <summary>The role stopped before it could be handed on.</summary>
    Shutdown,

    /// <summary>The client did not read, and its policy says drop.</summary>
    SlowConsumer,

    /// <summary>The kernel dropped datagrams of a full UDP socket.</summary>
    UdpKernel,

    /// <summary>The peer may not send or read it.</summary>
    Forbidden,

    /// <summary>A nozzle's receiver refuses it for good, and it could not be put away either.</summary>
    Refused,
}
