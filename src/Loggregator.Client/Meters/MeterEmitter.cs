using System.Diagnostics.Metrics;
using Loggregator.Client.Meters;

namespace Loggregator.Client;

/// <summary>
/// Emits what the instruments of System.Diagnostics.Metrics measure, at an interval: counters as counters whose delta is what was added since the last
/// time, 0 included; histograms as a counter <c>name.count</c> and gauges <c>name.mean</c> and <c>name.max</c> of the interval; all others as
/// gauges of their last value. An instrument's tags become the envelope's. Any thread.
/// </summary>
public sealed class MeterEmitter : IAsyncDisposable
{
    /// <summary>Combinations of an instrument and tags that are kept; measurements of more are counted in <see cref="Ignored"/>.</summary>
    public const int MaxSeries = 2000;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();
    private readonly Emitter _emitter;
    private readonly HashSet<string> _meters;
    private readonly Dictionary<SeriesKey, Series> _series = [];
    private readonly MeterListener _listener = new();
    private readonly ITimer _timer;
    private long _ignored;
    private bool _disposed;

    /// <summary>Starts to listen; the first envelopes come after an interval.</summary>
    /// <param name="emitter">What sends them, in its name; it stays the caller's and has to live longer.</param>
    /// <param name="meters">Names of meters, for example <c>System.Runtime</c>.</param>
    /// <param name="interval">Between two emissions.</param>
    public MeterEmitter(Emitter emitter, IEnumerable<string> meters, TimeSpan interval)
    {
        ArgumentNullException.ThrowIfNull(emitter);
        ArgumentNullException.ThrowIfNull(meters);
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, Shortest);
        _emitter = emitter;
        _meters = [.. meters];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<byte>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<short>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<float>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measure(instrument, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((instrument, value, tags, _) => Measure(instrument, (double)value, tags));
        _listener.Start();
        _timer = emitter.Clock.CreateTimer(static self => ((MeterEmitter)self!).EmitNow(), this, interval, interval);
    }

    /// <summary>Measurements that were not kept, as there were more than <see cref="MaxSeries"/> combinations of instrument and tags.</summary>
    public long Ignored => Interlocked.Read(ref _ignored);

    /// <summary>Emits without waiting for the interval's end.</summary>
    public void EmitNow()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // An instrument's own code failed; the others have been read.
            }

            foreach (var series in _series.Values)
            {
                series.Emit(_emitter);
            }
        }
    }

    /// <summary>Emits what was measured since the last time, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        EmitNow();
        lock (_lock)
        {
            _disposed = true;
        }

        _listener.Dispose();
    }

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!double.IsFinite(value))
        {
            return;
        }

        var key = SeriesKey.Of(instrument, tags);
        lock (_lock)
        {
            if (!_series.TryGetValue(key, out var series))
            {
                if (_series.Count >= MaxSeries)
                {
                    _ignored++;
                    return;
                }

                _series[key] = series = new Series(key);
            }

            series.Add(value);
        }
    }
}
