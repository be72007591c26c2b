using System.Diagnostics.Metrics;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Agent;

/// <summary>Exposes <see cref="AgentCounters"/> as instruments of the meter <c>Loggregator.Agent</c>.</summary>
public sealed class AgentMetrics
{
    private const string Envelopes = "{envelope}", Bytes = "By";
    private static readonly LossReason[] Reasons =
        [LossReason.Invalid, LossReason.TooLarge, LossReason.RingFull, LossReason.Unconfirmed, LossReason.Shutdown, LossReason.UdpKernel];

    /// <summary>Registers the instruments.</summary>
    public AgentMetrics(IMeterFactory meters, AgentCounters counters)
    {
        var meter = meters.Create("Loggregator.Agent");
        void Count(string name, string unit, Func<long> read, string what) => meter.CreateObservableCounter("loggregator.agent." + name, read, unit, what);
        void Level(string name, string unit, Func<long> read, string what) => meter.CreateObservableGauge("loggregator.agent." + name, read, unit, what);

        Count("received", Envelopes, () => Interlocked.Read(ref counters.Received), "Envelopes from producers");
        Count("received.bytes", Bytes, () => Interlocked.Read(ref counters.ReceivedBytes), "Bytes of the envelopes from producers");
        Count("received.v1", Envelopes, () => Interlocked.Read(ref counters.Datagrams), "Of these, those that came as dropsonde v1");
        Count("origin_mappings", Envelopes, () => Interlocked.Read(ref counters.OriginMappings), "Envelopes whose source id was taken from a tag origin");
        Count("generated", Envelopes, () => Interlocked.Read(ref counters.Generated), "Gap records written");
        Count("appended", Envelopes, () => counters.Appended, "Envelopes given to the ring, and gap records");
        Count("sent", Envelopes, () => Interlocked.Read(ref counters.Sent), "Envelopes sent to Dopplers, each once");
        Count("sent.bytes", Bytes, () => Interlocked.Read(ref counters.SentBytes), "Bytes of the batches sent, each once");
        Count("resent", Envelopes, () => Interlocked.Read(ref counters.Resent), "Envelopes sent to Dopplers once more");
        Count("confirmed", Envelopes, () => Interlocked.Read(ref counters.Confirmed), "Envelopes that a Doppler has answered for");
        Count("lost", Envelopes, () => Interlocked.Read(ref counters.Lost), "Envelopes of sendings that were never answered");
        Count("batches", "{batch}", () => Interlocked.Read(ref counters.Batches), "Batches sent");
        Count("duplicates", "{batch}", () => Interlocked.Read(ref counters.Duplicates), "Batches that a Doppler had already");
        Count("moves", "{move}", () => Interlocked.Read(ref counters.Moves), "Lanes that went to another Doppler");
        Count("totals_evicted", "{counter}", () => Interlocked.Read(ref counters.TotalsEvicted), "Counter totals forgotten to make room");
        Count("stamps_forgotten", "{stream}", () => Interlocked.Read(ref counters.StampsForgotten), "Streams whose stamp count was forgotten to make room");
        Level("held", Envelopes, () => counters.Held, "Envelopes in the ring");
        Level("held.bytes", Bytes, () => counters.HeldBytes, "Bytes of the envelopes in the ring");
        Level("charged.bytes", Bytes, () => counters.ChargedBytes, "Ring budget in use, unanswered batches included");
        Level("ring.bytes", Bytes, () => counters.RingBytes, "Ring budget");
        Level("in_flight", Envelopes, () => counters.InFlight, "Envelopes sent and not yet answered");
        Level("sources", "{source}", () => counters.Sources, "Sources with envelopes in the ring");
        meter.CreateObservableCounter("loggregator.agent.dropped", () => Dropped(counters), Envelopes, "Envelopes dropped, by reason");
        meter.CreateObservableCounter(
            "loggregator.agent.v1.unreadable", () => ConversionFaultText.Measure(counters.UnreadableV1), Envelopes, "Dropsonde envelopes dropped as invalid, by what is wrong");
    }

    private static IEnumerable<Measurement<long>> Dropped(AgentCounters counters) =>
        Reasons.Select(reason => new Measurement<long>(counters.Dropped(reason), new KeyValuePair<string, object?>("reason", reason.Text())));
}
