using System.IO.Hashing;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// The stamp of one envelope of a page. Who counts is told apart by 128 bits of seeded hashes: source, and instance, type and epoch;
/// several agents may count the same instance, each in an epoch of its own.
/// </summary>
internal readonly struct StampMark
{
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15; // odd, so that different epochs stay different
    private static readonly long Seed = Random.Shared.NextInt64();

    /// <summary>Hash of the source id.</summary>
    public ulong Source { get; init; }

    /// <summary>Hash of instance id, type and epoch.</summary>
    public ulong Counter { get; init; }

    /// <summary>From 1; 0: none, which only a gap record may have.</summary>
    public ulong Sequence { get; init; }

    /// <summary>UNIX nanoseconds.</summary>
    public long Timestamp { get; init; }

    /// <summary>Of the envelope's record in the page.</summary>
    public int Offset { get; init; }

    public EnvelopeType Type { get; init; }

    /// <summary>The envelope tells a loss.</summary>
    public bool GapRecord { get; init; }

    /// <summary>The mark of an envelope; false if there is nothing to note.</summary>
    public static bool TryRead(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, int offset, out StampMark mark)
    {
        var told = (header.Flags & EnvelopeFlags.GapRecord) != 0;
        if (!Stamp.TryRead(envelope, header, out var epoch, out var sequence) && !told)
        {
            mark = default;
            return false;
        }

        mark = new StampMark
        {
            Source = XxHash3.HashToUInt64(header.SourceId.Of(envelope), Seed),
            Counter = XxHash3.HashToUInt64(header.InstanceId.Of(envelope), ~Seed - (long)header.Type) ^ (epoch * Spread),
            Sequence = sequence,
            Timestamp = header.Timestamp,
            Offset = offset,
            Type = header.Type,
            GapRecord = told,
        };
        return true;
    }
}
