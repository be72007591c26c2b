using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Loggregator.Hosting.Telemetry;

/// <summary>All series of one metric name. Not thread safe: its page locks.</summary>
internal sealed class MetricFamily
{
    private static readonly double[] DefaultBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]; // seconds, as most durations are
    private readonly SortedDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly string _kind;
    private readonly string _help;
    private readonly bool _observed;
    private readonly bool _adds;
    private readonly double[]? _bounds;

    public MetricFamily(Instrument instrument)
    {
        var shape = instrument.GetType().Name;
        _observed = instrument.IsObservable;
        var histogram = shape.StartsWith("Histogram", StringComparison.Ordinal);
        var counter = shape.StartsWith("Counter", StringComparison.Ordinal) || shape.StartsWith("ObservableCounter", StringComparison.Ordinal);
        _adds = !_observed && !shape.StartsWith("Gauge", StringComparison.Ordinal);
        _kind = histogram ? "histogram" : counter ? "counter" : "gauge";
        _bounds = histogram ? Bounds(instrument) : null;
        _help = instrument.Description ?? instrument.Name;
        Name = PrometheusText.Name(instrument.Name, instrument.Unit, counter);
    }

    public string Name { get; }

    /// <summary>Drops the values of the last observation, so that a series that is not reported any more leaves the page.</summary>
    public void ForgetObserved()
    {
        if (_observed)
        {
            _series.Clear();
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = PrometheusText.Labels(tags);
        if (!_series.TryGetValue(labels, out var series))
        {
            _series[labels] = series = new MetricSeries(_bounds);
        }

        series.Record(value, _adds || _observed); // several observations with the same tags add up
    }

    public void Write(StringBuilder page)
    {
        if (_series.Count == 0)
        {
            return;
        }

        page.Append("# HELP ").Append(Name).Append(' ').Append(PrometheusText.EscapeHelp(_help)).Append('\n');
        page.Append("# TYPE ").Append(Name).Append(' ').Append(_kind).Append('\n');
        foreach (var (labels, series) in _series)
        {
            if (_bounds is null)
            {
                Line(page, Name, labels, "", series.Value);
            }
            else
            {
                WriteHistogram(page, labels, series);
            }
        }
    }

    private static double[] Bounds(Instrument instrument) => instrument switch
    {
        Instrument<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Instrument<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        Instrument<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(b => (double)b)],
        _ => DefaultBounds,
    };

    private void WriteHistogram(StringBuilder page, string labels, MetricSeries series)
    {
        long count = 0;
        for (var i = 0; i <= _bounds!.Length; i++)
        {
            count += series.Buckets![i];
            var bound = i < _bounds.Length ? _bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
            Line(page, Name + "_bucket", labels, $"le=\"{bound}\"", count);
        }

        Line(page, Name + "_sum", labels, "", series.Value);
        Line(page, Name + "_count", labels, "", count);
    }

    private static void Line(StringBuilder page, string name, string labels, string label, double value)
    {
        page.Append(name);
        if (labels.Length + label.Length > 0)
        {
            page.Append('{').Append(labels).Append(labels.Length > 0 && label.Length > 0 ? "," : "").Append(label).Append('}');
        }

        page.Append(' ').Append(PrometheusText.Number(value)).Append('\n');
    }
}
