using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Selectors;

/// <summary>
/// What a subscription takes: a selector of v2, or a filter of v1. Immutable; two are equal when the original's Dopplers would share the
/// envelopes of one group among their subscribers.
/// </summary>
public interface IEnvelopeFilter
{
    /// <summary>UTF-8 source id that all envelopes have which it takes; empty where any may be.</summary>
    ReadOnlySpan<byte> SourceId { get; }

    /// <summary>Whether envelopes of this type can be taken at all.</summary>
    /// <param name="type">The payload.</param>
    /// <param name="hasOriginal">The envelope came as dropsonde, and its bytes are kept.</param>
    bool Concerns(EnvelopeType type, bool hasOriginal);

    /// <summary>Whether of envelopes that it concerns all are taken whose source is the right one, without a look at the content.</summary>
    bool TakesAll(EnvelopeType type, bool hasOriginal);

    /// <summary>Whether the content is right, type and source being so already.</summary>
    /// <param name="header">The envelope's header.</param>
    /// <param name="envelope">The v2 envelope.</param>
    /// <param name="original">The dropsonde envelope that it came as; empty if it did not.</param>
    bool MatchesContent(in EnvelopeHeader header, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> original);

    /// <summary>Whether a counter of this name is taken, its source being right: a gap record is a counter <c>dropped</c>.</summary>
    bool TakesCounter(ReadOnlySpan<byte> name);
}
