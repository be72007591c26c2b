using Loggregator.Doppler;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Roles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Loggregator.Tests.Doppler;

public sealed class DopplerReloadTests
{
    [Fact]
    public async Task Role_WithChangedBudgets_TakesThemOverWhileItRuns()
    {
        var role = RoleTable.Named("doppler");
        var collection = new ServiceCollection().AddLogging().AddMetrics().AddSingleton(TimeProvider.System).AddSingleton<IHostApplicationLifetime, NoLifetime>();
        role.Add(collection, new DopplerOptions { LogBytes = 4 << 20 });
        await using var services = collection.BuildServiceProvider();
        var (log, series) = (services.GetRequiredService<EnvelopeLog>(), services.GetRequiredService<SeriesStore>());
        Assert.Equal((4 << 20, 25), (log.Budget, log.MetricPercent));

        await role.Reload!(services, new DopplerOptions { LogBytes = 2 << 20, MetricPercent = 60, SeriesBytes = 3 << 20, MaxSeriesPerSource = 5, MaxSeries = 50 });

        Assert.Equal((2 << 20, 60), (log.Budget, log.MetricPercent));
        Assert.Equal((2 << 20) / 100 * 60, log.Usage(EnvelopeClass.Metrics).Budget);
        Assert.Equal(new SeriesLimits { Bytes = 3 << 20, MaxSeriesPerSource = 5, MaxSeries = 50 }, series.Limits);
    }

    private sealed class NoLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => throw new NotSupportedException();
    }
}
