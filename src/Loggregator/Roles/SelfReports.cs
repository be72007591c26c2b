using Loggregator.Agent;
using Loggregator.Doppler;
using Loggregator.Hosting.Telemetry;
using Loggregator.Pipeline.Flow;
using Loggregator.TrafficController;

namespace Loggregator.Roles;

/// <summary>The reports of the roles, by section: names, tags, source ids and intervals of the original processes, so that their dashboards go on.</summary>
internal static class SelfReports
{
    private static readonly (string, string) Version2 = ("metric_version", "2.0");

    private static readonly LossReason[] AgentEgressLosses = [LossReason.RingFull, LossReason.Unconfirmed, LossReason.PeerGone, LossReason.TooLarge, LossReason.Shutdown];

    /// <summary>The reports of a role: one for each original process that it stands for.</summary>
    public static SelfReport[] Of(string section) => section switch
    {
        "Agent" => [new SelfReport(
            "loggregator.metron",
            "metron",
            TimeSpan.FromSeconds(15),
            Scraped: true,
            new SelfMetric("ingress", "Envelopes from producers", s => Volatile.Read(ref Agent(s).Received), null, Version2),
            new SelfMetric("egress", "Envelopes sent to Dopplers", s => Volatile.Read(ref Agent(s).Sent), null, Version2),
            new SelfMetric("dropped", "Envelopes that were no valid protobuf or UTF-8", s => Agent(s).Dropped(LossReason.Invalid), null, ("direction", "ingress"), Version2),
            new SelfMetric("dropped", "Envelopes lost on the way to Dopplers", s => AgentEgressLosses.Sum(Agent(s).Dropped), null, ("direction", "egress"), Version2),
            new SelfMetric("origin_mappings", "Envelopes whose source id was taken from a tag origin", s => Volatile.Read(ref Agent(s).OriginMappings), null, ("unit", "bytes/minute"), Version2),
            new SelfMetric("average_envelopes", "Bytes per envelope sent in the last minute, 0 when there was none", AverageEnvelope(), "bytes/minute", Version2, ("loggregator", "v2")),
            new SelfMetric("doppler_v2_streams", "Open streams to Dopplers", s => s.GetRequiredService<AgentService>().Streams, "", Version2),
            new SelfMetric("doppler_connections", "Dopplers with open streams", s => s.GetRequiredService<AgentService>().Connections, "", Version2))],
        "Doppler" => [new SelfReport(
            "loggregator.doppler",
            "doppler",
            TimeSpan.FromSeconds(5),
            Scraped: false,
            new SelfMetric("ingress", "Envelopes received", s => Volatile.Read(ref Doppler(s).Received), null, Version2),
            new SelfMetric("dropped", "Envelopes refused, invalid or too large", s => Volatile.Read(ref Doppler(s).Invalid) + Volatile.Read(ref Doppler(s).TooLarge), null, ("direction", "ingress"), Version2),
            new SelfMetric("dropped", "Envelopes that readers missed", s => Lost(Doppler(s)), null, ("direction", "egress"), Version2),
            new SelfMetric("egress", "Envelopes written to readers", s => Volatile.Read(ref Doppler(s).Delivery.Written), null, Version2),
            new SelfMetric("subscriptions", "Open subscriptions", s => Volatile.Read(ref Doppler(s).Subscriptions), "subscriptions", Version2))],
        "TrafficController" => [LogProxy, Controller],
        _ => [],
    };

    private static SelfReport LogProxy { get; } = new(
        "loggregator.rlp",
        "reverse_log_proxy",
        TimeSpan.FromMinutes(1),
        Scraped: false,
        new SelfMetric("ingress", "Envelopes from Dopplers", s => Volatile.Read(ref Edge(s).Matched), null, ("protocol", "grpc"), Version2),
        new SelfMetric("egress", "Envelopes written to clients", s => Volatile.Read(ref Edge(s).Written), null, Version2),
        new SelfMetric("dropped", "Envelopes that clients missed", s => Edge(s).Dropped, null, ("direction", "egress"), Version2),
        new SelfMetric("rejected_streams", "gRPC streams refused because of the limit", s => Volatile.Read(ref Edge(s).RejectedStreams), null, Version2),
        new SelfMetric("subscriptions", "Open gRPC streams", s => Volatile.Read(ref Edge(s).GrpcStreams), "total", Version2),
        new SelfMetric("log_router_connects", "Links to Dopplers made", s => Volatile.Read(ref Edge(s).DopplerConnects), null),
        new SelfMetric("log_router_disconnects", "Links to Dopplers lost", s => Volatile.Read(ref Edge(s).DopplerDisconnects), null));

    private static SelfReport Controller { get; } = new(
        "loggregator.trafficcontroller",
        "traffic_controller",
        TimeSpan.FromMinutes(1),
        Scraped: false,
        new SelfMetric("doppler_proxy.firehoses", "Open firehoses over WebSocket", s => Volatile.Read(ref Edge(s).Firehoses), "connections", Version2),
        new SelfMetric("doppler_proxy.app_streams", "Open streams of apps over WebSocket", s => Volatile.Read(ref Edge(s).AppStreams), "connections", Version2),
        new SelfMetric("doppler_proxy.slow_consumer", "Clients that were too slow", s => Volatile.Read(ref Edge(s).SlowConsumers), null, Version2),
        new SelfMetric("egress", "Messages written to firehoses over WebSocket", s => Volatile.Read(ref Edge(s).FirehoseMessages), null, ("endpoint", "firehose"), Version2),
        new SelfMetric("egress", "Messages written to streams of apps over WebSocket", s => Volatile.Read(ref Edge(s).AppMessages), null, ("endpoint", "stream"), Version2),
        new SelfMetric("ingress", "Envelopes from Dopplers for WebSockets", s => Volatile.Read(ref Edge(s).WebSocketMatched), null, ("protocol", "grpc"), Version2))
    {
        Events = s => s.GetRequiredService<TrafficControllerEvents>().Reader,
    };

    private static Func<IServiceProvider, long> AverageEnvelope()
    {
        const int Readings = 4; // of 15 s each
        var past = new Queue<(long Bytes, long Envelopes)>();
        return services =>
        {
            var now = (Bytes: Volatile.Read(ref Agent(services).SentBytes), Envelopes: Volatile.Read(ref Agent(services).Sent));
            var then = past.Count == 0 ? default : past.Peek();
            past.Enqueue(now);
            if (past.Count > Readings)
            {
                past.Dequeue();
            }

            return now.Envelopes == then.Envelopes ? 0 : (now.Bytes - then.Bytes) / (now.Envelopes - then.Envelopes);
        };
    }

    private static AgentCounters Agent(IServiceProvider services) => services.GetRequiredService<AgentCounters>();

    private static DopplerCounters Doppler(IServiceProvider services) => services.GetRequiredService<DopplerCounters>();

    private static TrafficControllerCounters Edge(IServiceProvider services) => services.GetRequiredService<TrafficControllerCounters>();

    private static long Lost(DopplerCounters counters) =>
        Volatile.Read(ref counters.Delivery.Evicted) + Volatile.Read(ref counters.Delivery.TooLarge) + Volatile.Read(ref counters.Delivery.PeerGone);
}
