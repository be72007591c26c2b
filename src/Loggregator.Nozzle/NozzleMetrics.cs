using System.Diagnostics.Metrics;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Intake;
using Loggregator.Nozzle.Spool;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle;

/// <summary>Shows what the sinks of a nozzle count as instruments, each with the tag <c>sink</c>.</summary>
internal sealed class NozzleMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "loggregator.nozzle";

    private const string Envelopes = "{envelope}";
    private readonly Meter _meter;
    private readonly NozzleService _nozzle;

    /// <summary>Registers the instruments.</summary>
    public NozzleMetrics(IMeterFactory meters, NozzleService nozzle)
    {
        _nozzle = nozzle;
        _meter = meters.Create(MeterName);
        Count("received", Envelopes, c => Interlocked.Read(ref c.Received), "Envelopes got from Dopplers for the sink");
        Count("received.bytes", "By", c => Interlocked.Read(ref c.ReceivedBytes), "Bytes of these");
        Count("filtered", Envelopes, c => Interlocked.Read(ref c.Filtered), "Envelopes that the sink's filter does not take");
        Count("too_large", Envelopes, c => Interlocked.Read(ref c.TooLarge), "Envelopes too large for the sink's spool; gap records tell of them");
        Count("gaps", Envelopes, c => Interlocked.Read(ref c.Told), "Gap records made for the sink of what was lost before it");
        Count("told_lost", Envelopes, c => Interlocked.Read(ref c.ToldLost), "Envelopes of the sink's sources that Dopplers said are lost");
        Count("appended", Envelopes, c => Interlocked.Read(ref c.Appended), "Envelopes and gap records handed to the sink's buffer");
        Gauge("unacknowledged", "{frame}", p => Interlocked.Read(ref p.Intake.Frames) - Interlocked.Read(ref p.Intake.Acknowledged), "Frames got and not yet acknowledged");
        Gauge("dopplers", "{doppler}", p => p.Dopplers.Count(doppler => doppler.Attached), "Dopplers that the sink reads from");
        Gauge("rate", "{envelope}/s", p => p.Rate, "Envelopes delivered in a second, of late");
        _meter.CreateObservableGauge(
            MeterName + ".live.bytes", () => nozzle.Pipes.Where(p => p.Live is not null).Select(p => Of(p, p.Live!.Backlog.Bytes)), "By", "Bytes that a live sink holds in memory");
        _meter.CreateObservableCounter(
            MeterName + ".live.dropped", () => nozzle.Pipes.SelectMany(Dropped), Envelopes, "Envelopes that a live sink lost, by reason; gap records tell of those pushed out");
        _meter.CreateObservableCounter(
            MeterName + ".egress.invalid", () => nozzle.Pipes.Select(p => Of(p, p.Invalid)), Envelopes, "Envelopes from an original Egress that are not valid");
        SinkMetrics.Register(_meter, () => [.. nozzle.Pipes.Select(pipe => pipe.Counters)]);
        SpoolMetrics.Register(_meter, () => nozzle.Pipes.Where(pipe => pipe.Spool is not null).Select(pipe => KeyValuePair.Create(pipe.Definition.Name, pipe.Spool!)));
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static Measurement<T> Of<T>(SinkPipe pipe, T value)
        where T : struct => new(value, new KeyValuePair<string, object?>("sink", pipe.Definition.Name));

    private static IEnumerable<Measurement<long>> Dropped(SinkPipe pipe) => pipe.Live is not { } live
        ? []
        : new[] { LossReason.RingFull, LossReason.Shutdown, LossReason.Unconfirmed }.Select(reason => new Measurement<long>(
            live.Dropped(reason), new KeyValuePair<string, object?>("sink", pipe.Definition.Name), new KeyValuePair<string, object?>("reason", reason.Text())));

    private void Count(string name, string unit, Func<IntakeCounters, long> read, string what) =>
        _meter.CreateObservableCounter($"{MeterName}.intake.{name}", () => _nozzle.Pipes.Select(pipe => Of(pipe, read(pipe.Intake))), unit, what);

    private void Gauge(string name, string unit, Func<SinkPipe, double> read, string what) =>
        _meter.CreateObservableGauge($"{MeterName}.{name}", () => _nozzle.Pipes.Select(pipe => Of(pipe, read(pipe))), unit, what);
}
