using Loggregator.Pipeline.Groups;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.V1;

namespace Loggregator.Doppler;

/// <summary>
/// The numbers of a Doppler. At rest: received = appended + invalid + too large; and of each subscription, and so of all together, matched =
/// written + evicted + too large + peer gone + unconverted (<see cref="Delivery"/>). Gap records are written to readers, not into the log.
/// </summary>
public sealed class DopplerCounters
{
    private readonly EnvelopeLog _log;

    /// <summary>Counters of a Doppler with this log.</summary>
    public DopplerCounters(EnvelopeLog log) => _log = log;

    /// <summary>Envelopes received, duplicates of resent batches not counted.</summary>
    public long Received;

    /// <summary>Their bytes.</summary>
    public long ReceivedBytes;

    /// <summary>Envelopes dropped because they are not valid.</summary>
    public long Invalid;

    /// <summary>Envelopes dropped because no message could carry them on.</summary>
    public long TooLarge;

    /// <summary>Of the received ones, those that came as v1.</summary>
    public long PushedV1;

    /// <summary>Of the invalid ones, those that came as v1, by <see cref="ConversionFault"/>.</summary>
    public long[] UnreadableV1 { get; } = new long[(int)ConversionFault.TooLarge + 1];

    /// <summary>Messages with envelopes received.</summary>
    public long Batches;

    /// <summary>Batches dropped because their number was there already.</summary>
    public long DuplicateBatches;

    /// <summary>Envelopes in them.</summary>
    public long DuplicateEnvelopes;

    /// <summary>Envelopes that were numbered here.</summary>
    public long Stamped;

    /// <summary>Open ingress streams of any kind.</summary>
    public long IngressStreams;

    /// <summary>Open streams of <c>Egress</c>.</summary>
    public long EgressStreams;

    /// <summary>Open streams of <c>Attach</c>.</summary>
    public long AttachStreams;

    /// <summary>Open subscriptions.</summary>
    public long Subscriptions;

    /// <summary>Gap records and notices written to readers.</summary>
    public long GapsWritten;

    /// <summary>Messages written to readers.</summary>
    public long FramesWritten;

    /// <summary>Bytes written to readers.</summary>
    public long BytesWritten;

    /// <summary>What subscriptions matched, and where it went.</summary>
    public DeliveryCounters Delivery { get; } = new();

    /// <summary>How the groups fare whose members acknowledge.</summary>
    public IReadOnlyList<GroupReport> Groups => _log.Groups.Report();

    /// <summary>Of these groups, those that were forgotten because they had no members for too long.</summary>
    public long ForgottenGroups => _log.Groups.Forgotten;

    /// <summary>Envelopes appended to the log.</summary>
    public long Appended => _log.Appended;

    /// <summary>Envelopes that left the log.</summary>
    public long Evicted => _log.Evicted;

    /// <summary>Memory of the log in use.</summary>
    public long LogBytes => _log.Used;

    /// <summary>Of <see cref="LogBytes"/>, that of compressed envelopes.</summary>
    public long LogPackedBytes => _log.PackedBytes;

    /// <summary>Bytes of these envelopes.</summary>
    public long LogOriginalBytes => _log.OriginalBytes;

    /// <summary>The log's budget.</summary>
    public long LogBudget => _log.Budget;

    /// <summary>How a class of envelopes fares in the log.</summary>
    public ClassUsage LogUsage(EnvelopeClass kind) => _log.Usage(kind);

    /// <summary>Sources that hold envelopes.</summary>
    public long HeldSources => _log.HeldSources;
}
