namespace Loggregator.Pipeline.Groups;

/// <summary>
/// One of the parts that a group's sources fall into, by hash. Guarded by the gate of its owner's consumer; to give it to another owner takes
/// the append lock and the gates of both.
/// </summary>
internal struct GroupSlot
{
    /// <summary>Who gets its envelopes: a member, or the group's keeper while there is none.</summary>
    public AckMember Owner;

    /// <summary>Nothing before this position is sent to the owner (again): it was acknowledged, or is in flight there.</summary>
    public long Next;

    /// <summary>What is before this position and was not lost has been sent to somebody at least once.</summary>
    public long Sent;
}
