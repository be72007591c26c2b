namespace Loggregator.PromQl.Storage;

/// <summary>A store in memory, for acceptance scripts and tests. Not for concurrent use.</summary>
public sealed class MemorySeries : ISeriesReader
{
    private readonly SortedDictionary<Labels, SortedList<long, double>> _series = new(Comparer<Labels>.Create(Labels.Compare));

    /// <summary>Adds a sample; one at the same time is replaced.</summary>
    public void Append(Labels labels, long time, double value)
    {
        if (!_series.TryGetValue(labels, out var samples))
        {
            _series.Add(labels, samples = []);
        }

        samples[time] = value;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _series.Clear();

    /// <inheritdoc/>
    public ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel)
    {
        var found = new List<Series>();
        foreach (var (labels, samples) in _series)
        {
            if (selection.Matchers.All(matcher => matcher.Matches(labels)))
            {
                var inRange = samples.Where(sample => sample.Key >= selection.MinTime && sample.Key <= selection.MaxTime);
                var array = inRange.Select(sample => new Sample(sample.Key, sample.Value)).ToArray();
                if (array.Length > 0)
                {
                    found.Add(new Series(labels, array));
                }
            }
        }

        return ValueTask.FromResult(new SelectedSeries(found, []));
    }
}
