using Loggregator.Protocol.V1;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// What was matched, with multiplicity, and where it went: at rest, matched = written + evicted + too large + peer gone + returned + unconverted. Any thread adds.
/// </summary>
public sealed class DeliveryCounters
{
    /// <summary>Matched rows, times the subscriptions that they matched.</summary>
    public long Matched;

    /// <summary>Handed to the transport.</summary>
    public long Written;

    /// <summary>Lost because the log moved on.</summary>
    public long Evicted;

    /// <summary>Lost because the subscription does not take so large ones.</summary>
    public long TooLarge;

    /// <summary>Lost because the peer went while they were being written.</summary>
    public long PeerGone;

    /// <summary>Went back to their group, to be sent again, because the peer left while they were being written.</summary>
    public long Returned;

    /// <summary>Rows that were converted to v1, however many got them.</summary>
    public long Converted;

    /// <summary>Rows that have no form in v1, times the subscriptions that asked for it, by <see cref="ConversionFault"/>.</summary>
    public long[] Unconverted { get; } = new long[(int)ConversionFault.TooLarge + 1];

    internal static void Add(ref long counter, long count) => Interlocked.Add(ref counter, count);
}
