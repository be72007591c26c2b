using System.Diagnostics.Metrics;
using Grpc.AspNetCore.Server.Model;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Metrics;
using Loggregator.TrafficController.Prometheus;
using Loggregator.TrafficController.Query;
using Loggregator.TrafficController.Streams;
using Loggregator.TrafficController.Streams.Attach;
using Loggregator.TrafficController.Streams.Grpc;
using Loggregator.TrafficController.Streams.Sse;
using Loggregator.TrafficController.Streams.WebSocket;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController;

/// <summary>Adds the Traffic Controller role to a host.</summary>
public static class TrafficControllerServiceExtensions
{
    /// <summary>Adds what the role needs; the host provides the clock, logs, meters and the peer connector.</summary>
    public static IServiceCollection AddTrafficController(this IServiceCollection services, TrafficControllerOptions options)
    {
        services.AddGrpc();
        services.AddRouting();
        services.AddSingleton(Options.Create(options));
        services.TryAddSingleton<TrafficControllerCounters>();
        services.AddSingleton(provider => new TrafficControllerMetrics(
            provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<TrafficControllerCounters>()));
        services.AddSingleton<DopplerSet>();
        services.AddSingleton<OpenStreams>();
        services.AddSingleton<SourceQuery>();
        services.AddSingleton<SourcesEndpoint>();
        services.AddSingleton<RecentQuery>();
        services.AddSingleton<RecentEndpoints>();
        services.AddSingleton(new ReadBudget(options.ReadBytes));
        services.AddSingleton<AggregateReads>();
        services.AddSingleton<MetricReads>();
        services.AddSingleton<QueryGate>();
        services.AddSingleton<MetricQueries>();
        services.TryAddSingleton<CallerScope>(_ => SourceScope.Everything); // as of all other calls
        services.AddSingleton<QueryEndpoints>();
        services.AddSingleton<SeriesEndpoints>();
        services.AddSingleton<PrometheusApi>();
        services.AddSingleton<FederateEndpoint>();
        services.AddSingleton<TimeReads>();
        services.AddSingleton<MetaReads>();
        services.AddSingleton<TimerReads>();
        services.AddSingleton<LogCacheQueries>();
        services.AddSingleton<PromQlQuerier>();
        services.AddSingleton<LogCacheHttp>();
        services.AddSingleton<LogCacheApi>();
        services.AddSingleton<LogCacheGateway>();
        services.AddSingleton<LogCacheEgress>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<LogCacheEgress>, LogCacheEgress.Methods>());
        services.AddSingleton<SseEndpoints>();
        services.AddSingleton<WritePace>();
        services.AddSingleton<TrafficControllerEvents>();
        services.AddSingleton<WebSocketEndpoints>();
        services.AddSingleton<SetCookieEndpoint>();
        services.AddSingleton<GrpcCalls>();
        services.AddSingleton<EgressService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<EgressService>, EgressMethods>());
        services.AddSingleton<Subscriptions>();
        services.AddSingleton<AttachService>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<AttachService>, AttachMethods>());
        services.AddSingleton(provider => new TrafficControllerService(
            provider.GetRequiredService<DopplerSet>(),
            provider.GetRequiredService<OpenStreams>(),
            provider.GetRequiredService<TrafficControllerCounters>(),
            provider.GetRequiredService<IHostApplicationLifetime>()));
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<TrafficControllerMetrics>(); // its instruments live as long as the host
            return provider.GetRequiredService<TrafficControllerService>();
        });
        return services;
    }
}
