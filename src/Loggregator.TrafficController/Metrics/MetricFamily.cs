using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Metrics;

/// <summary>What Prometheus' formats say of metrics of one name.</summary>
/// <param name="Name">Without the suffixes of a histogram's series.</param>
/// <param name="Type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
/// <param name="Unit">May be empty.</param>
internal sealed record MetricFamily(string Name, string Type, string Unit)
{
    private static readonly MetricFamily Durations = new("http_request_duration_seconds", "histogram", "seconds");

    /// <summary>That of a series. Of the histograms there are only those that Dopplers make of requests.</summary>
    public static MetricFamily Of(MetricSeries series) =>
        series.Derived && series.Labels.Name.StartsWith(Durations.Name, StringComparison.Ordinal) ? Durations
            : new(series.Labels.Name, series.Kind == SeriesSamples.Types.Kind.Counter ? "counter" : "gauge", series.Unit);
}
