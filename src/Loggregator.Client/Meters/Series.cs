using System.Diagnostics.Metrics;

namespace Loggregator.Client.Meters;

/// <summary>What one instrument has measured under one set of tags. Guarded by its owner's lock.</summary>
internal sealed class Series
{
    private readonly string _name;
    private readonly string _unit;
    private readonly Type _kind;
    private readonly EnvelopeDetails _details;
    private double _value; // of counters what is not emitted yet, of sums the sum, else the last
    private double _observed; // of observable counters the last total
    private double _most;
    private long _count;

    public Series(SeriesKey key)
    {
        _name = key.Instrument.Name;
        _unit = key.Instrument.Unit ?? "";
        var kind = key.Instrument.GetType();
        _kind = kind.IsGenericType ? kind.GetGenericTypeDefinition() : kind;
        _details = new EnvelopeDetails { Tags = [.. key.Tags()] };
    }

    public void Add(double value)
    {
        if (_kind == typeof(Counter<>))
        {
            _value += Math.Max(value, 0);
        }
        else if (_kind == typeof(ObservableCounter<>))
        {
            _value += Math.Max(value < _observed ? value : value - _observed, 0); // smaller: it began anew
            _observed = value;
        }
        else if (_kind == typeof(UpDownCounter<>))
        {
            _value += value;
        }
        else if (_kind == typeof(Histogram<>))
        {
            _most = _count == 0 ? value : Math.Max(_most, value);
            _value += value;
            _count++;
        }
        else
        {
            _value = value;
        }
    }

    /// <summary>Emits and begins a new interval; what was not taken is in the next one.</summary>
    public void Emit(Emitter emitter)
    {
        if (_kind == typeof(Counter<>) || _kind == typeof(ObservableCounter<>))
        {
            var whole = Math.Min(Math.Floor(_value), long.MaxValue); // counters on the wire are whole numbers; the rest is kept
            _value -= emitter.Counter(_name, (ulong)whole, _details) ? whole : 0;
        }
        else if (_kind == typeof(Histogram<>))
        {
            if (emitter.Counter(_name + ".count", (ulong)_count, _details))
            {
                if (_count > 0)
                {
                    emitter.Gauges([new(_name + ".mean", _value / _count, _unit), new(_name + ".max", _most, _unit)], _details);
                }

                (_value, _count) = (0, 0);
            }
        }
        else
        {
            emitter.Gauge(_name, _value, _unit, _details);
        }
    }
}
