using System.Diagnostics.Metrics;
using Loggregator.Hosting.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class MetricsPageTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Render_CountersGaugesHistograms_AreValidPrometheusText()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        using var page = new MetricsPage(meters);
        var meter = meters.Create("Loggregator.Test");
        meter.CreateObservableCounter("loggregator.test.dropped", () => new Measurement<long>(7, new KeyValuePair<string, object?>("reason", "a\"b\\c\nd")), "{envelope}", "Lost\nones.");
        meter.CreateObservableGauge("loggregator.test.held", () => 1.5, "By");
        var adds = meter.CreateCounter<long>("loggregator.test.calls");
        adds.Add(2);
        adds.Add(3);
        var took = meter.CreateHistogram("loggregator.test.took", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        took.Record(0.05);
        took.Record(5);

        var text = page.Render();
        Assert.Contains("# HELP loggregator_test_dropped_total Lost\\nones.\n# TYPE loggregator_test_dropped_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("loggregator_test_dropped_total{reason=\"a\\\"b\\\\c\\nd\"} 7\n", text, StringComparison.Ordinal);
        Assert.Contains("loggregator_test_held_bytes 1.5\n", text, StringComparison.Ordinal);
        Assert.Contains("loggregator_test_calls_total 5\n", text, StringComparison.Ordinal);
        Assert.Contains("loggregator_test_took_seconds_bucket{le=\"0.1\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("loggregator_test_took_seconds_bucket{le=\"+Inf\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("loggregator_test_took_seconds_sum 5.05\n", text, StringComparison.Ordinal);
        Assert.Equal(text, page.Render());
    }

    [Fact]
    public void Render_MetersOfAnotherHost_AreLeftOut()
    {
        using var other = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var page = new MetricsPage(_services.GetRequiredService<IMeterFactory>());
        other.GetRequiredService<IMeterFactory>().Create("Loggregator.Test").CreateObservableGauge("foreign", () => 1);
        Assert.Empty(page.Render());
    }
}
