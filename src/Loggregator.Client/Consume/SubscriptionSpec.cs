using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V2;

namespace Loggregator.Client.Consume;

/// <summary>What a subscription asks of a Doppler; must not be changed after it was used.</summary>
internal sealed class SubscriptionSpec
{
    /// <summary>Any match of any of these; an envelope that matches several comes as often.</summary>
    public required IReadOnlyList<Selector> Selectors { get; init; }

    /// <summary>
    /// Set: the subscription takes what passes this filter, as dropsonde envelopes, and <see cref="Selectors"/> are not looked at. A Doppler's
    /// run has then as many records as its envelopes become in v1.
    /// </summary>
    public Filter? V1 { get; init; }

    /// <summary>Shares the matches among all subscriptions of the same id; empty: every match.</summary>
    public string ShardId { get; init; } = "";

    /// <summary>Name in groups that share by hash of a metric's name.</summary>
    public string DeterministicName { get; init; } = "";

    /// <summary>How the group shares.</summary>
    public Sharing Sharing { get; init; }

    /// <summary>Name in groups that share by source.</summary>
    public string Member { get; init; } = "";

    /// <summary>
    /// What it gets is acknowledged, and what is not goes to other members of its group, which shares by source. Its credit is released with its
    /// acknowledgements.
    /// </summary>
    public bool Acknowledged { get; init; }

    /// <summary>Also the gap records of the selected sources, whatever the types selected.</summary>
    public bool Gaps { get; init; }

    /// <summary>Bytes that may be under way and unfinished.</summary>
    public long Window { get; init; } = 1024 * 1024;
}
