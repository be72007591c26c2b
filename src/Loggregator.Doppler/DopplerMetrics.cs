using System.Diagnostics.Metrics;
using Loggregator.Doppler.Series;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Series;

namespace Loggregator.Doppler;

/// <summary>Exposes <see cref="DopplerCounters"/> as instruments of the meter <c>Loggregator.Doppler</c>.</summary>
public sealed class DopplerMetrics
{
    private const string Envelopes = "{envelope}", Bytes = "By", Streams = "{stream}";

    /// <summary>Registers the instruments.</summary>
    public DopplerMetrics(IMeterFactory meters, DopplerCounters counters, SeriesStore series, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(counters);
        var meter = meters.Create("Loggregator.Doppler");
        void Count(string name, string unit, Func<long> read, string what) => meter.CreateObservableCounter("loggregator.doppler." + name, read, unit, what);
        void Level(string name, string unit, Func<long> read, string what) => meter.CreateObservableGauge("loggregator.doppler." + name, read, unit, what);
        var delivery = counters.Delivery;

        Count("received", Envelopes, () => Interlocked.Read(ref counters.Received), "Envelopes received, duplicates not counted");
        Count("received.bytes", Bytes, () => Interlocked.Read(ref counters.ReceivedBytes), "Bytes of the envelopes received");
        Count("received.v1", Envelopes, () => Interlocked.Read(ref counters.PushedV1), "Of these, those that came as dropsonde v1");
        Count("batches", "{batch}", () => Interlocked.Read(ref counters.Batches), "Messages with envelopes received");
        Count("duplicates", "{batch}", () => Interlocked.Read(ref counters.DuplicateBatches), "Resent batches that were there already");
        Count("duplicates.envelopes", Envelopes, () => Interlocked.Read(ref counters.DuplicateEnvelopes), "Envelopes of these");
        Count("stamped", Envelopes, () => Interlocked.Read(ref counters.Stamped), "Envelopes of original peers that were numbered here");
        Count("appended", Envelopes, () => counters.Appended, "Envelopes appended to the log");
        Count("evicted", Envelopes, () => counters.Evicted, "Envelopes that left the log, read or not");
        Count("matched", Envelopes, () => Interlocked.Read(ref delivery.Matched), "Matches, one for each subscription and selector");
        Count("written", Envelopes, () => Interlocked.Read(ref delivery.Written), "Matches written to readers");
        Count("written.bytes", Bytes, () => Interlocked.Read(ref counters.BytesWritten), "Bytes written to readers");
        Count("returned", Envelopes, () => Interlocked.Read(ref delivery.Returned), "Matches whose reader left while they were written, and that are sent again to its group");
        Count("v1.converted", Envelopes, () => Interlocked.Read(ref delivery.Converted), "Envelopes converted to v1, once however many read them");
        Count("frames", "{message}", () => Interlocked.Read(ref counters.FramesWritten), "Messages written to readers");
        Count("gaps", "{gap}", () => Interlocked.Read(ref counters.GapsWritten), "Losses told to readers");
        Level("streams.ingress", Streams, () => Interlocked.Read(ref counters.IngressStreams), "Open streams of producers");
        Level("streams.egress", Streams, () => Interlocked.Read(ref counters.EgressStreams), "Open streams of Egress");
        Level("streams.attach", Streams, () => Interlocked.Read(ref counters.AttachStreams), "Open streams of Attach");
        Level("subscriptions", "{subscription}", () => Interlocked.Read(ref counters.Subscriptions), "Open subscriptions");
        Level("log.bytes", Bytes, () => counters.LogBytes, "Memory of the log in use");
        Level("log.budget", Bytes, () => counters.LogBudget, "Memory that the log may use");
        Level("log.packed.bytes", Bytes, () => counters.LogPackedBytes, "Of the memory of the log, that of compressed envelopes");
        Level("log.packed.original.bytes", Bytes, () => counters.LogOriginalBytes, "Bytes of these envelopes before they were compressed");
        Level("log.sources", "{source}", () => counters.HeldSources, "Sources that the log holds envelopes of");
        Count("groups.forgotten", "{group}", () => counters.ForgottenGroups, "Acknowledging groups forgotten because they had no members for too long");
        LogMetrics.Register(meter, counters);
        GroupMetrics.Register(meter, counters);
        SeriesMetrics.Register(meter, series, time);
        meter.CreateObservableCounter("loggregator.doppler.dropped", () => Dropped(counters), Envelopes, "Envelopes dropped, by direction and reason");
        meter.CreateObservableCounter(
            "loggregator.doppler.v1.unreadable", () => ConversionFaultText.Measure(counters.UnreadableV1), Envelopes, "Dropsonde envelopes dropped as invalid, by what is wrong");
        meter.CreateObservableCounter(
            "loggregator.doppler.v1.unconverted", () => ConversionFaultText.Measure(delivery.Unconverted), Envelopes, "Matches of v1 subscriptions that v1 has no form for, by why");
    }

    private static IEnumerable<Measurement<long>> Dropped(DopplerCounters counters)
    {
        static Measurement<long> Of(ref long count, string direction, LossReason reason) =>
            new(Interlocked.Read(ref count), new("direction", direction), new("reason", reason.Text()));
        yield return Of(ref counters.Invalid, "ingress", LossReason.Invalid);
        yield return Of(ref counters.TooLarge, "ingress", LossReason.TooLarge);
        yield return Of(ref counters.Delivery.Evicted, "egress", LossReason.Evicted);
        yield return Of(ref counters.Delivery.TooLarge, "egress", LossReason.TooLarge);
        yield return Of(ref counters.Delivery.PeerGone, "egress", LossReason.PeerGone);
    }
}
