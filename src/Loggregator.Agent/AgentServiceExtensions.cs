using System.Net.Sockets;
using Grpc.AspNetCore.Server.Model;
using Loggregator.Agent.Ingress;
using Loggregator.Agent.Tagging;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Grpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Loggregator.Agent;

/// <summary>Registers the agent.</summary>
public static class AgentServiceExtensions
{
    /// <summary>Adds everything the agent needs beside a <see cref="PeerConnector"/>, which the host provides.</summary>
    public static IServiceCollection AddAgent(this IServiceCollection services, AgentOptions options)
    {
        var errors = options.Validate().ToArray();
        if (errors.Length != 0)
        {
            throw new ArgumentException(string.Join(' ', errors), nameof(options));
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(_ => new LossTable());
        services.AddSingleton(provider => new FairRing(options.RingBytes, options.Lanes, provider.GetRequiredService<LossTable>()));
        services.AddSingleton(provider => new AgentCounters(provider.GetRequiredService<FairRing>(), provider.GetRequiredService<LossTable>()));
        services.AddSingleton<AgentMetrics>();
        services.AddSingleton(new HostTags(options.Tags));
        services.AddSingleton<EnvelopeIntake>();
        services.AddSingleton<AgentIngress>();
        services.AddSingleton<IServiceMethodProvider<AgentIngress>, AgentIngress.Methods>();
        services.AddSingleton(provider => new AgentService(
            options,
            provider.GetRequiredService<FairRing>(),
            provider.GetRequiredService<LossTable>(),
            provider.GetRequiredService<AgentCounters>(),
            provider.GetRequiredService<PeerConnector>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AgentService>>()));

        // A web host starts its listeners after all hosted services and stops them first: at this service's stop nothing new comes in.
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<AgentMetrics>();
            return provider.GetRequiredService<AgentService>();
        });

        // Stops before the service that ships, so that what was read still goes out.
        services.AddSingleton<DropsondeIntake>();
        services.AddSingleton(provider => new UdpIngress(
            options,
            provider.GetRequiredService<DropsondeIntake>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<UdpIngress>>(),
            provider.GetService<Socket>()));
        services.AddHostedService(provider => provider.GetRequiredService<UdpIngress>());
        services.AddGrpc().AddServiceOptions<AgentIngress>(service => service.MaxReceiveMessageSize = RawMethods.MaxMessageBytes);
        return services;
    }
}
