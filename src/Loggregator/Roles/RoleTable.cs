using Loggregator.Agent;
using Loggregator.Doppler;
using Loggregator.Hosting;
using Loggregator.Nozzle;
using Loggregator.TrafficController;

namespace Loggregator.Roles;

/// <summary>The whole topology: the roles in the order in which an envelope passes them.</summary>
internal static class RoleTable
{
    public static readonly Role[] IngressToEgress =
    [
        Role.Of<AgentOptions>(
            "agent",
            "Agent",
            "Runs an agent: takes envelopes from this host's producers and ships them to Dopplers.",
            options => options.Validate(),
            (services, options) => services.AddAgent(options),
            endpoints => endpoints.MapAgent(),
            options => [new Port("Agent:Listen", options.Listen, ListenerKind.Grpc), new Port("Agent:UdpListen", options.UdpListen, ListenerKind.Udp)],
            services => services.GetRequiredService<AgentService>().Ready),
        Role.Of<DopplerOptions>(
            "doppler",
            "Doppler",
            "Runs a Doppler: keeps what agents send in one lossy log and serves its readers.",
            options => options.Validate(),
            (services, options) => services.AddDoppler(options),
            endpoints => endpoints.MapDoppler(),
            options => [new Port("Doppler:Listen", options.Listen, ListenerKind.Grpc)],
            services => services.GetRequiredService<DopplerService>().Ready) with
        {
            Reload = (services, options) => Task.Run(() => services.GetRequiredService<DopplerService>().Reload((DopplerOptions)options)),
        },
        Role.Of<TrafficControllerOptions>(
            "traffic-controller",
            "TrafficController",
            "Runs a Traffic Controller: the edge where streams are read over HTTP and gRPC.",
            options => options.Validate(),
            (services, options) => services.AddTrafficController(options),
            endpoints => endpoints.MapTrafficController(),
            options =>
            [
                new Port("TrafficController:HttpListen", options.HttpListen, ListenerKind.Http, options.NoAccessControl),
                new Port("TrafficController:GrpcListen", options.GrpcListen, ListenerKind.Grpc),
                .. options.LogCacheGatewayListen.Length == 0 ? (Port[])[] :
                [
                    new Port("TrafficController:LogCacheGatewayListen", options.LogCacheGatewayListen, ListenerKind.Http, options.NoAccessControl)
                    {
                        Serve = TrafficControllerEndpoints.LogCacheGateway,
                    },
                ],
            ],
            services => services.GetRequiredService<TrafficControllerService>().Ready),
        Role.Of<NozzleOptions>(
            "nozzle",
            "Nozzle",
            "Runs a nozzle: delivers what the Dopplers have to sinks (Kafka, syslog, https, files), at least once.",
            options => options.Validate(),
            (services, options) => services.AddNozzle(options),
            _ => { },
            _ => [],
            services => services.GetRequiredService<NozzleService>().Ready) with
        {
            Health = (services, json) =>
            {
                var nozzle = services.GetRequiredService<NozzleService>();
                NozzleHealth.Write(nozzle, json);
                return NozzleHealth.IsWell(nozzle);
            },
            Prepare = services => services.GetRequiredService<NozzleService>().OpenAsync(),
            Reload = (services, options) => services.GetRequiredService<NozzleService>().ReloadAsync((NozzleOptions)options),
        },
    ];

    /// <summary>The role of that name.</summary>
    public static Role Named(string name) => Array.Find(IngressToEgress, role => role.Name == name) ?? throw new ArgumentException($"There is no role '{name}'.", nameof(name));
}
