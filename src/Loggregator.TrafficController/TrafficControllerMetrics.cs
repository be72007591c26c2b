using System.Diagnostics.Metrics;

namespace Loggregator.TrafficController;

/// <summary>Shows <see cref="TrafficControllerCounters"/> as instruments.</summary>
public sealed class TrafficControllerMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "loggregator.traffic_controller";

    private readonly Meter _meter;

    /// <summary>Registers the instruments.</summary>
    public TrafficControllerMetrics(IMeterFactory meters, TrafficControllerCounters counters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentNullException.ThrowIfNull(counters);
        _meter = meters.Create(MeterName);
        Count("matched", "{envelope}", "Envelopes taken over for streams.", () => counters.Matched);
        Count("written", "{envelope}", "Envelopes written to clients.", () => counters.Written);
        Count("written_bytes", "By", "Bytes written to clients.", () => counters.WrittenBytes);
        Count("invalid", "{envelope}", "Invalid envelopes from original Dopplers.", () => counters.Invalid);
        Count("filtered", "{envelope}", "Envelopes of other instances than asked for.", () => counters.Filtered);
        Count("duplicates", "{envelope}", "Copies brought by a second Doppler, left out.", () => counters.Duplicates);
        Count("trimmed", "{envelope}", "History beyond the last lines asked for.", () => counters.Trimmed);
        Count("told_lost", "{envelope}", "Envelopes that streams were told they missed.", () => counters.ToldLost);
        Count("reads", "{read}", "Reads of recent logs and metrics through log-cache's API.", () => counters.Reads);
        Count("partial_reads", "{read}", "Of these, those that lack what a Doppler did not answer, or had lost.", () => counters.PartialReads);
        Count("queries", "{query}", "PromQL queries, and selections of series, labels and federation.", () => counters.Queries);
        Count("failed_queries", "{query}", "Of these, those that failed through no fault of their text, or were canceled.", () => counters.FailedQueries);
        Count("partial_queries", "{query}", "Of these, those that lack what a Doppler did not answer, or had lost.", () => counters.PartialQueries);
        Count("refused_queries", "{query}", "PromQL queries refused because too many were there.", () => counters.RefusedQueries);
        Count("query_samples", "{sample}", "Samples that PromQL queries read from Dopplers.", () => counters.QuerySamples);
        Count("query_time", "us", "Time that PromQL queries took, waiting for their turn included.", () => counters.QueryMicroseconds);
        Gauge("queries_open", "{query}", "PromQL queries running or waiting.", () => counters.QueriesOpen);
        Count("rejected_streams", "{stream}", "gRPC streams refused because of the limit.", () => counters.RejectedStreams);
        Count("stalled_streams", "{stream}", "Clients cut off because they did not read, and no slow consumers.", () => counters.StalledStreams);
        Count("slow_consumers", "{client}", "WebSocket clients disconnected because they did not read for 5 s.", () => counters.SlowConsumers);
        Count("dead_clients", "{client}", "WebSocket clients disconnected because they did not answer pings.", () => counters.DeadClients);
        Count("rejected_websockets", "{stream}", "WebSockets refused because of the limit.", () => counters.RejectedWebSockets);
        Count("slow_clients", "{client}", "Clients that left a shared subscription.", () => counters.SlowClients);
        Count("doppler_connects", "{link}", "Links to Dopplers made.", () => counters.DopplerConnects);
        Count("doppler_disconnects", "{link}", "Links to Dopplers lost.", () => counters.DopplerDisconnects);
        Gauge("held", "{envelope}", "Envelopes in streams' mailboxes.", () => counters.Held);
        Gauge("dopplers_attached", "{doppler}", "Dopplers attached.", () => counters.DopplersAttached);
        Gauge("subscriptions", "{subscription}", "Subscriptions open at Dopplers.", () => counters.Subscriptions);
        _meter.CreateObservableCounter("loggregator.traffic_controller.dropped", () => Dropped(counters), "{envelope}", "Envelopes dropped.");
        _meter.CreateObservableGauge("loggregator.traffic_controller.streams", () => Streams(counters), "{stream}", "Streams open.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] Dropped(TrafficControllerCounters counters) =>
    [
        new(counters.DroppedTooLarge, new KeyValuePair<string, object?>("reason", "too_large")),
        new(counters.DroppedSlowConsumer, new KeyValuePair<string, object?>("reason", "slow_consumer")),
        new(counters.DroppedPeerGone, new KeyValuePair<string, object?>("reason", "peer_gone")),
        new(counters.DroppedShutdown, new KeyValuePair<string, object?>("reason", "shutdown")),
    ];

    private static Measurement<long>[] Streams(TrafficControllerCounters counters) =>
    [
        new(counters.GrpcStreams, new KeyValuePair<string, object?>("protocol", "grpc")),
        new(counters.AttachSubscriptions, new KeyValuePair<string, object?>("protocol", "attach")),
        new(counters.SseStreams, new KeyValuePair<string, object?>("protocol", "sse")),
        new(counters.WebSocketStreams, new KeyValuePair<string, object?>("protocol", "websocket")),
    ];

    private void Count(string noun, string unit, string description, Func<long> value) =>
        _meter.CreateObservableCounter("loggregator.traffic_controller." + noun, value, unit, description);

    private void Gauge(string noun, string unit, string description, Func<long> value) =>
        _meter.CreateObservableGauge("loggregator.traffic_controller." + noun, value, unit, description);
}
