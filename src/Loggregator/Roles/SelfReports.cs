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
            new SelfMetric("ingress", s => Volatile.Read(ref Agent(s).Received), null, Version2),
            new SelfMetric("egress", s => Volatile.Read(ref Agent(s).Sent), null, Version2),
            new SelfMetric("dropped", s => Agent(s).Dropped(LossReason.Invalid), null, ("direction", "ingress"), Version2),
            new SelfMetric("dropped", s => AgentEgressLosses.Sum(Agent(s).Dropped), null, ("direction", "egress"), Version2),
            new SelfMetric("origin_mappings", s => Volatile.Read(ref Agent(s).OriginMappings), null, ("unit", "bytes/minute"), Version2))],
        "Doppler" => [new SelfReport(
            "loggregator.doppler",
            "doppler",
            TimeSpan.FromSeconds(5),
            new SelfMetric("ingress", s => Volatile.Read(ref Doppler(s).Received), null, Version2),
            new SelfMetric("dropped", s => Volatile.Read(ref Doppler(s).Invalid) + Volatile.Read(ref Doppler(s).TooLarge), null, ("direction", "ingress"), Version2),
            new SelfMetric("dropped", s => Lost(Doppler(s)), null, ("direction", "egress"), Version2),
            new SelfMetric("egress", s => Volatile.Read(ref Doppler(s).Delivery.Written), null, Version2),
            new SelfMetric("subscriptions", s => Volatile.Read(ref Doppler(s).Subscriptions), "subscriptions", Version2))],
        "TrafficController" => [LogProxy, Controller],
        _ => [],
    };

    private static SelfReport LogProxy { get; } = new(
        "loggregator.rlp",
        "reverse_log_proxy",
        TimeSpan.FromMinutes(1),
        new SelfMetric("ingress", s => Volatile.Read(ref Edge(s).Matched), null, ("protocol", "grpc"), Version2),
        new SelfMetric("egress", s => Volatile.Read(ref Edge(s).Written), null, Version2),
        new SelfMetric("dropped", s => Edge(s).Dropped, null, ("direction", "egress"), Version2),
        new SelfMetric("rejected_streams", s => Volatile.Read(ref Edge(s).RejectedStreams), null, Version2),
        new SelfMetric("subscriptions", s => Volatile.Read(ref Edge(s).GrpcStreams), "total", Version2),
        new SelfMetric("log_router_connects", s => Volatile.Read(ref Edge(s).DopplerConnects), null),
        new SelfMetric("log_router_disconnects", s => Volatile.Read(ref Edge(s).DopplerDisconnects), null));

    private static SelfReport Controller { get; } = new(
        "loggregator.trafficcontroller",
        "traffic_controller",
        TimeSpan.FromMinutes(1),
        new SelfMetric("doppler_proxy.firehoses", s => Volatile.Read(ref Edge(s).Firehoses), "connections", Version2),
        new SelfMetric("doppler_proxy.app_streams", s => Volatile.Read(ref Edge(s).AppStreams), "connections", Version2),
        new SelfMetric("doppler_proxy.slow_consumer", s => Volatile.Read(ref Edge(s).SlowConsumers), null, Version2),
        new SelfMetric("egress", s => Volatile.Read(ref Edge(s).FirehoseMessages), null, ("endpoint", "firehose"), Version2),
        new SelfMetric("egress", s => Volatile.Read(ref Edge(s).AppMessages), null, ("endpoint", "stream"), Version2),
        new SelfMetric("ingress", s => Volatile.Read(ref Edge(s).WebSocketMatched), null, ("protocol", "grpc"), Version2))
    {
        Events = s => s.GetRequiredService<TrafficControllerEvents>().Reader,
    };

    private static AgentCounters Agent(IServiceProvider services) => services.GetRequiredService<AgentCounters>();

    private static DopplerCounters Doppler(IServiceProvider services) => services.GetRequiredService<DopplerCounters>();

    private static TrafficControllerCounters Edge(IServiceProvider services) => services.GetRequiredService<TrafficControllerCounters>();

    private static long Lost(DopplerCounters counters) =>
        Volatile.Read(ref counters.Delivery.Evicted) + Volatile.Read(ref counters.Delivery.TooLarge) + Volatile.Read(ref counters.Delivery.PeerGone);
}
