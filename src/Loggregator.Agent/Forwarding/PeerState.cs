namespace Loggregator.Agent.Forwarding;

/// <summary>Whether lanes may use a Doppler.</summary>
internal enum PeerState
{
    /// <summary>Not yet heard of.</summary>
    Unknown,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>A stream broke; a probe finds out within half a second. Its lanes stay, and wait.</summary>
    Suspect,

    /// <summary>It will stop. Its lanes finish and move.</summary>
    Leaving,

    /// <summary>It cannot be reached, or was silent for too long. Its lanes move at once.</summary>
    Dead,
}
