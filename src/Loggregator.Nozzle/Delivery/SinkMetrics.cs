using System.Diagnostics.Metrics;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Delivery;

/// <summary>Exposes the <see cref="SinkCounters"/> of all sinks as instruments <c>loggregator.nozzle.sink.*</c>, tagged <c>sink</c>.</summary>
internal static class SinkMetrics
{
    private const string Envelopes = "{envelope}", Bytes = "By", Seconds = "s";
    private static readonly LossReason[] Reasons = [LossReason.TooLarge, LossReason.Invalid, LossReason.Refused];

    /// <summary>Registers the instruments.</summary>
    /// <param name="meter">The nozzle's.</param>
    /// <param name="sinks">The sinks that there are at the moment of a measurement.</param>
    public static void Register(Meter meter, Func<IReadOnlyCollection<SinkCounters>> sinks)
    {
        ArgumentNullException.ThrowIfNull(meter);
        ArgumentNullException.ThrowIfNull(sinks);
        void Count(string name, string unit, Func<SinkCounters, long> read, string what) =>
            meter.CreateObservableCounter("loggregator.nozzle.sink." + name, () => sinks().Select(sink => Of(sink, read(sink))), unit, what);
        void Level(string name, string unit, Func<SinkCounters, double> read, string what) =>
            meter.CreateObservableGauge("loggregator.nozzle.sink." + name, () => sinks().Select(sink => Of(sink, read(sink))), unit, what);

        Count("taken", Envelopes, sink => Interlocked.Read(ref sink.Taken), "Envelopes taken from the sink's buffer");
        Count("delivered", Envelopes, sink => Interlocked.Read(ref sink.Delivered), "Envelopes that the receiver has");
        Count("delivered.bytes", Bytes, sink => Interlocked.Read(ref sink.DeliveredBytes), "Bytes of the envelopes that the receiver has");
        Count("batches", "{batch}", sink => Interlocked.Read(ref sink.Batches), "Batches of which nothing is pending any more");
        Count("retries", "{attempt}", sink => Interlocked.Read(ref sink.Retries), "Times that a batch was handed over again");
        Count("dead_letters", Envelopes, sink => Interlocked.Read(ref sink.DeadLettered), "Envelopes that the receiver refuses for good, kept in the dead-letter file");
        Count("dead_letters.gone", Envelopes, sink => Interlocked.Read(ref sink.DeadLettersGone), "Envelopes that left the dead-letter file to make room for newer ones");
        Level("in_flight", Envelopes, sink => sink.InFlight, "Envelopes handed over and not yet answered");
        Level("backlog", Envelopes, sink => sink.Backlog.Records, "Envelopes that wait, those in flight included");
        Level("backlog.bytes", Bytes, sink => sink.Backlog.Bytes, "Bytes of the envelopes that wait");
        Level("lag", Seconds, sink => sink.LagSeconds, "Age of the oldest envelope that is not delivered");
        Level("delay", Seconds, sink => sink.LastDelaySeconds, "Age of the newest delivered envelope when it was delivered");
        Level("state", "1", sink => (double)sink.State, "0 delivering, 1 retrying, 2 breaker open, 3 stopped");
        meter.CreateObservableCounter(
            "loggregator.nozzle.sink.dropped", () => sinks().SelectMany(Dropped), Envelopes, "Envelopes refused for good that the dead-letter file has no place for, by reason");
    }

    private static Measurement<T> Of<T>(SinkCounters sink, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("sink", sink.Sink));

    private static IEnumerable<Measurement<long>> Dropped(SinkCounters sink) =>
        Reasons.Select(reason => new Measurement<long>(sink.Lost(reason), new("sink", sink.Sink), new("reason", reason.Text())));
}
