using Loggregator.Protocol.V2;

namespace Loggregator.Client;

/// <summary>What to read from a reverse log proxy.</summary>
public sealed record EgressQuery : EnvelopeQuery
{
    /// <summary>Name in a group that shares by the hash of a metric's name; empty: the group shares evenly.</summary>
    public string DeterministicName { get; init; } = "";

    /// <summary>The request.</summary>
    internal EgressBatchRequest Request()
    {
        var request = new EgressBatchRequest { ShardId = ShardId, DeterministicName = DeterministicName, UsePreferredTags = true };
        request.Selectors.AddRange(Selectors());
        return request;
    }
}
