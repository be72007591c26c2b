using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Metrics;

/// <summary>What one Doppler told of a series. One thread.</summary>
/// <param name="labels">Its labels, under Prometheus' names.</param>
/// <param name="kind">What it is.</param>
/// <param name="unit">As it was sent.</param>
/// <param name="derived">The Doppler counted it: those of several add up.</param>
internal sealed class SeriesPart(Labels labels, SeriesSamples.Types.Kind kind, string unit, bool derived)
{
    private Sample[] _samples = [];
    private int _count;

    public Labels Labels { get; } = labels;

    public SeriesSamples.Types.Kind Kind { get; } = kind;

    public string Unit { get; } = unit;

    public bool Derived { get; } = derived;

    /// <summary>Ascending, no time twice.</summary>
    public ReadOnlyMemory<Sample> Samples => _samples.AsMemory(0, _count);

    /// <summary>Appends samples; false where they are not later than those before.</summary>
    public bool TryAdd(ReadOnlySpan<long> times, ReadOnlySpan<double> values)
    {
        if (_samples.Length - _count < times.Length)
        {
            Array.Resize(ref _samples, _count == 0 ? times.Length : Math.Max(_samples.Length * 2, _count + times.Length));
        }

        for (var i = 0; i < times.Length; i++)
        {
            if (_count > 0 && times[i] <= _samples[_count - 1].Time)
            {
                return false;
            }

            _samples[_count++] = new Sample(times[i], values[i]);
        }

        return true;
    }
}
