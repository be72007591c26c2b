using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Pipeline.Log;

/// <summary>One selector of a subscription, bound to the log: its source's entry and its share of a group.</summary>
/// <param name="subscription">Whose it is.</param>
/// <param name="filter">What it selects.</param>
/// <param name="source">The entry of the selector's source, pinned; null for any source.</param>
/// <param name="member">Its share of a group; null when it gets every match.</param>
/// <param name="forGaps">It selects the gap records of the selector's source, and nothing else.</param>
internal sealed class Target(Subscription subscription, IEnvelopeFilter filter, SourceEntry? source, ShardMember? member, bool forGaps)
{
    private static ReadOnlySpan<byte> GapName => "dropped"u8;

    public Subscription Subscription { get; } = subscription;

    public SourceEntry? Source { get; } = source;

    public ShardMember? Member { get; } = member;

    public bool ForGaps { get; } = forGaps;

    /// <summary>Whether rows of this kind can match at all.</summary>
    public bool Concerns(byte kind) => kind switch
    {
        RowKind.Dead => false,
        RowKind.Gap => ForGaps || filter.TakesCounter(GapName),
        _ => !ForGaps && filter.Concerns(RowKind.TypeOf(kind), RowKind.HasOriginal(kind)),
    };

    /// <summary>Whether a row that it concerns matches as soon as its source does.</summary>
    public bool TakesAll(byte kind) => Member is null && Subscription.Acked is null && (kind == RowKind.Gap || filter.TakesAll(RowKind.TypeOf(kind), RowKind.HasOriginal(kind)));

    /// <summary>Whether a row that it concerns matches.</summary>
    public bool Takes(long position, in EnvelopeHeader header, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> original, bool checkSource) =>
        (!checkSource || Source is null || header.SourceId.Of(envelope).SequenceEqual(filter.SourceId))
        && (ForGaps || filter.MatchesContent(header, envelope, original))
        && (Member is null || Member.Group.Chooses(Member, position, header, envelope))
        && (Subscription.Acked is null || Subscription.Acked.Takes(position, header, envelope));
}
