using Grpc.AspNetCore.Server.Model;
using Loggregator.Doppler.Egress;
using Loggregator.Doppler.Ingest;
using Loggregator.Doppler.Ingress;
using Loggregator.Doppler.Lifetime;
using Loggregator.Doppler.Series;
using Loggregator.Pipeline.Groups;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler;

/// <summary>Adds the doppler role to a host.</summary>
public static class DopplerServiceExtensions
{
    /// <summary>
    /// Adds the doppler role. The host brings <see cref="TimeProvider"/>, loggers, meters, its lifetime, and gRPC with a limit of 10 MiB.
    /// </summary>
    public static IServiceCollection AddDoppler(this IServiceCollection services, DopplerOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<DopplerIdentity>();
        services.AddSingleton(provider => new EnvelopeLog(
            options.LogBytes,
            provider.GetRequiredService<TimeProvider>(),
            groups: new GroupLimits { Keep = options.GroupKeep },
            metricPercent: options.MetricPercent));
        services.AddSingleton(provider => new SeriesStore(options.ToSeriesLimits(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LogSources>();
        services.AddSingleton<DopplerCounters>();
        services.AddSingleton<DopplerMetrics>();
        services.AddSingleton(provider => new DropsondeRows(provider.GetRequiredService<DopplerCounters>().Delivery));
        services.AddSingleton<Draining>();
        services.AddSingleton<Snapshot>();
        services.AddSingleton<EnvelopeIntake>();
        services.AddSingleton<DopplerIngress>();
        services.AddSingleton<IServiceMethodProvider<DopplerIngress>, DopplerIngress.Methods>();
        services.AddSingleton<DopplerEgress>();
        services.AddSingleton<IServiceMethodProvider<DopplerEgress>, DopplerEgress.Methods>();
        services.AddSingleton<IngestLanes>();
        services.AddSingleton<IngestPace>();
        services.AddSingleton<AggregateTurns>();
        services.AddSingleton<InternalDoppler>();
        services.AddSingleton<IServiceMethodProvider<InternalDoppler>, InternalDoppler.Methods>();
        services.AddSingleton(provider => new DopplerService(
            provider.GetRequiredService<DopplerIdentity>(),
            provider.GetRequiredService<DopplerCounters>(),
            provider.GetRequiredService<Draining>(),
            provider.GetRequiredService<EnvelopeLog>(),
            provider.GetRequiredService<SeriesStore>(),
            provider.GetRequiredService<Snapshot>(),
            provider.GetRequiredService<ILogger<DopplerService>>()));
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<DopplerMetrics>();
            SeriesMetrics.Tell(provider.GetRequiredService<SeriesStore>(), provider.GetRequiredService<ILogger<SeriesStore>>());
            return provider.GetRequiredService<DopplerService>();
        });
        return services;
    }
}
