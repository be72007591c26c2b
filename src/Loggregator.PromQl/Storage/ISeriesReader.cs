namespace Loggregator.PromQl.Storage;

/// <summary>Where a query's samples come from.</summary>
public interface ISeriesReader
{
    /// <summary>Finds the series that match and have samples in the range. Selections of one query are read one after the other.</summary>
    ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel);
}
