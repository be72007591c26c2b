using System.Diagnostics.Metrics;
using Loggregator.Client.Connect;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle;

/// <summary>Adds the nozzle role to a host.</summary>
internal static class NozzleServiceExtensions
{
    /// <summary>Adds what the role needs; the host provides the clock, logs, meters and the peer connector.</summary>
    public static IServiceCollection AddNozzle(this IServiceCollection services, NozzleOptions options)
    {
        services.AddSingleton(provider => new NozzleService(
            options,
            provider.GetRequiredService<PeerConnector>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<IHostApplicationLifetime>()));
        services.AddSingleton(provider => new NozzleMetrics(provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<NozzleService>()));
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<NozzleMetrics>(); // its instruments live as long as the host
            return provider.GetRequiredService<NozzleService>();
        });
        return services;
    }
}
