using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.V1;

namespace Loggregator.Agent;

/// <summary>
/// What the agent has counted since its start; any thread may read. At rest, in envelopes:
/// <c>Received + Generated = Appended + Dropped(Invalid) + Dropped(TooLarge)</c>,
/// <c>Appended = Sent + Dropped(RingFull) + Dropped(Shutdown) + Held</c>,
/// <c>Sent + Resent = Confirmed + Lost + InFlight</c>.
/// </summary>
public sealed class AgentCounters
{
    /// <summary>Envelopes that producers sent, the invalid ones too.</summary>
    public long Received;

    /// <summary>Bytes of these.</summary>
    public long ReceivedBytes;

    /// <summary>Envelopes without source id that got one from a tag <c>origin</c>.</summary>
    public long OriginMappings;

    /// <summary>Gap records written.</summary>
    public long Generated;

    /// <summary>Envelopes that are no valid protobuf.</summary>
    public long Invalid;

    /// <summary>Of the invalid ones, those that came as v1, by <see cref="ConversionFault"/>.</summary>
    public long[] UnreadableV1 { get; } = new long[(int)ConversionFault.TooLarge + 1];

    /// <summary>Of the received ones, those that came as v1.</summary>
    public long Datagrams;

    /// <summary>Envelopes put into a batch, each once.</summary>
    public long Sent;

    /// <summary>Envelopes of batches that were sent once more.</summary>
    public long Resent;

    /// <summary>Envelopes that a Doppler has answered for.</summary>
    public long Confirmed;

    /// <summary>Envelopes of sendings that were never answered; mostly <see cref="Resent"/> says that they went again.</summary>
    public long Lost;

    /// <summary>Bytes of the batches sent, each once.</summary>
    public long SentBytes;

    /// <summary>Batches sent.</summary>
    public long Batches;

    /// <summary>Batches that a Doppler told to have had already.</summary>
    public long Duplicates;

    /// <summary>Times a lane went to another Doppler than before.</summary>
    public long Moves;

    /// <summary>Counter totals forgotten to make room.</summary>
    public long TotalsEvicted;

    /// <summary>Streams whose stamp count was forgotten to make room.</summary>
    public long StampsForgotten;

    private readonly FairRing _ring;
    private readonly LossTable _losses;

    internal AgentCounters(FairRing ring, LossTable losses)
    {
        _ring = ring;
        _losses = losses;
    }

    /// <summary>Envelopes that were given to the ring, and gap records.</summary>
    public long Appended => _ring.Appended + Interlocked.Read(ref Generated);

    /// <summary>Envelopes in the ring.</summary>
    public long Held => _ring.HeldEnvelopes;

    /// <summary>Bytes of these.</summary>
    public long HeldBytes => _ring.HeldBytes;

    /// <summary>Bytes of the ring's budget in use, unanswered batches included.</summary>
    public long ChargedBytes => _ring.ChargedBytes;

    /// <summary>The ring's budget in bytes.</summary>
    public long RingBytes => _ring.CapacityBytes;

    /// <summary>Sources that have envelopes in the ring.</summary>
    public int Sources => _ring.Sources;

    /// <summary>Envelopes sent and not yet answered.</summary>
    public long InFlight =>
        Interlocked.Read(ref Sent) + Interlocked.Read(ref Resent) - Interlocked.Read(ref Confirmed) - Interlocked.Read(ref Lost);

    /// <summary>Envelopes dropped for a reason. <see cref="LossReason.Unconfirmed"/> is an upper bound of what was sent and lost.</summary>
    public long Dropped(LossReason reason) => reason == LossReason.Invalid ? Interlocked.Read(ref Invalid) : _losses.Total(reason);
}
