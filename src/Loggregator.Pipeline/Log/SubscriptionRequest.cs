using Loggregator.Protocol.Selectors;

namespace Loggregator.Pipeline.Log;

/// <summary>What a consumer asks of the log.</summary>
public sealed class SubscriptionRequest
{
    /// <summary>Chosen by the consumer, unique among its open subscriptions.</summary>
    public required uint Id { get; init; }

    /// <summary>What it wants: an envelope that several of them match goes to it as many times. None: nothing.</summary>
    public required IReadOnlyList<IEnvelopeFilter> Selectors { get; init; }

    /// <summary>Empty: every match. Else the group that shares the matches.</summary>
    public string ShardId { get; init; } = "";

    /// <summary>Whether the group shares by source rather than by envelope.</summary>
    public bool BySource { get; init; }

    /// <summary>The deterministic name, or the member's name in a group that shares by source.</summary>
    public string MemberName { get; init; } = "";

    /// <summary>
    /// It acknowledges what it gets, and what it does not acknowledge goes to others of its group, which shares by source. The group starts
    /// where its first member asks; <see cref="SubscriptionStart.Last"/> is not for groups.
    /// </summary>
    public bool Acknowledged { get; init; }

    /// <summary>Of <see cref="Acknowledged"/>: told, under locks, that it is a member no more, and why.</summary>
    public Action<string>? OnEnded { get; init; }

    /// <summary>Where it starts.</summary>
    public SubscriptionStart Start { get; init; }

    /// <summary>Of <see cref="SubscriptionStart.Last"/>: how many.</summary>
    public uint Last { get; init; }

    /// <summary>Of <see cref="SubscriptionStart.Since"/>: UNIX nanoseconds; history before it is left out.</summary>
    public long Since { get; init; } = long.MinValue;

    /// <summary>Of <see cref="SubscriptionStart.After"/>: the first position.</summary>
    public long After { get; init; }

    /// <summary>A bounded read: it ends at the head of now, and takes only what has a timestamp before this, UNIX nanoseconds.</summary>
    public long? ReadBefore { get; init; }

    /// <summary>Bytes that may be delivered at first.</summary>
    public long Credit { get; init; }

    /// <summary>Also delivers the gap records of the selected sources, whatever the types selected.</summary>
    public bool Gaps { get; init; }

    /// <summary>Larger envelopes are lost to this subscription.</summary>
    public int MaxEnvelopeBytes { get; init; } = int.MaxValue;
}
