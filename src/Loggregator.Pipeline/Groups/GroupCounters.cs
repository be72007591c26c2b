namespace Loggregator.Pipeline.Groups;

/// <summary>
/// The books of an acknowledged group. At rest, and while nobody is in the middle of a step: matched = acknowledged + dropped + held, where
/// held = in flight + returned. Any thread adds.
/// </summary>
internal sealed class GroupCounters
{
    /// <summary>Envelopes that were the group's to get, each once however often it was sent.</summary>
    public long Matched;

    /// <summary>Acknowledged by the member that they were last sent to.</summary>
    public long Acknowledged;

    /// <summary>Left the log unacknowledged.</summary>
    public long Dropped;

    /// <summary>Sent and not acknowledged.</summary>
    public long InFlight;

    /// <summary>Sent to a member that left or gave their source up, and not yet sent again.</summary>
    public long Returned;

    /// <summary>Sent again.</summary>
    public long Resent;
}
