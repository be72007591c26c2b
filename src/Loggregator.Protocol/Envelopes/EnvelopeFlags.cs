namespace Loggregator.Protocol.Envelopes;

/// <summary>What the header pass noticed beside the header's values.</summary>
[Flags]
public enum EnvelopeFlags : byte
{
    /// <summary>Nothing of note.</summary>
    None = 0,

    /// <summary>Field 3, <c>deprecated_tags</c>, has at least one entry.</summary>
    DeprecatedTags = 1,

    /// <summary>Field 9, <c>tags</c>, has at least one entry.</summary>
    Tags = 2,

    /// <summary>The stamp, field 1001, is there.</summary>
    Stamped = 4,

    /// <summary>The oneof <c>message</c> is on the wire more than once: the same member merges, another replaces.</summary>
    RepeatedPayload = 8,

    /// <summary>A log whose type is <c>ERR</c>.</summary>
    Error = 16,

    /// <summary>
    /// A counter named <c>dropped</c> with the tags <c>hop</c> and <c>reason</c>, deprecated ones included: a gap record, if one of our tiers
    /// wrote it. A producer's own is renamed where it enters, see <see cref="GapRecord.RenameProducerTags"/>.
    /// </summary>
    GapRecord = 32,
}
