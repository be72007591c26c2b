using System.Diagnostics.Metrics;
using System.Text;

namespace Loggregator.Hosting.Telemetry;

/// <summary>
/// The instruments of one role as Prometheus text. It listens to the meters of the role's own factory alone, so that several roles
/// in one process each have a page of their own. Any thread.
/// </summary>
internal sealed class MetricsPage : IDisposable
{
    /// <summary>The content type of the text exposition format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public MetricsPage(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // The host's own meters (Kestrel, HTTP) share the factory; they are left out, as they multiply with every route and peer.
            if (ReferenceEquals(instrument.Meter.Scope, meters) && !instrument.Meter.Name.StartsWith("Microsoft.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Record(value, tags, family));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Record(value, tags, family));
        _listener.Start();
    }

    /// <summary>Takes all observable values and renders the page.</summary>
    public string Render()
    {
        var page = new StringBuilder(16 * 1024);
        lock (_lock)
        {
            foreach (var family in _families.Values)
            {
                family.ForgetObserved();
            }

            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values)
            {
                family.Write(page);
            }
        }

        return page.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private MetricFamily FamilyOf(Instrument instrument)
    {
        lock (_lock)
        {
            var family = new MetricFamily(instrument);
            return _families.TryGetValue(family.Name, out var known) ? known : _families[family.Name] = family;
        }
    }

    private void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? family)
    {
        lock (_lock)
        {
            ((MetricFamily)family!).Record(value, tags);
        }
    }
}
