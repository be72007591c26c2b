namespace Loggregator.Pipeline.Groups;

/// <summary>How an acknowledged group fares: matched = acknowledged + dropped + held.</summary>
public sealed record GroupReport
{
    /// <summary>The group's shard id.</summary>
    public required string ShardId { get; init; }

    /// <summary>Members that are there.</summary>
    public required int Members { get; init; }

    /// <summary>Envelopes that were the group's to get, each once however often it was sent.</summary>
    public required long Matched { get; init; }

    /// <summary>Of these, those that a member acknowledged.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Of these, those that left the log unacknowledged.</summary>
    public required long Dropped { get; init; }

    /// <summary>Of these, those that a member has and has not acknowledged, and those that wait to be sent again.</summary>
    public required long Held { get; init; }

    /// <summary>Envelopes sent again, because who had them left or gave their source up.</summary>
    public required long Resent { get; init; }

    /// <summary>Envelopes that members have and have not acknowledged.</summary>
    public required long InFlight { get; init; }

    /// <summary>Their bytes.</summary>
    public required long InFlightBytes { get; init; }

    /// <summary>Envelopes in the log behind the group's furthest-behind member, whether they match or not.</summary>
    public required long LagEnvelopes { get; init; }

    /// <summary>Bytes of the log behind that place, to the segment.</summary>
    public required long LagBytes { get; init; }

    /// <summary>How long ago the oldest unacknowledged envelope was sent.</summary>
    public required TimeSpan OldestUnacknowledged { get; init; }

    /// <summary>Positions that the group holds apart: one while all its parts go on from the same place.</summary>
    public required int Marks { get; init; }
}
