namespace Loggregator.Pipeline.Series;

/// <summary>The series that are too many under limits that were lowered: those that got nothing for the longest time. Store's lock.</summary>
internal static class SeriesExcess
{
    public static TimeSeries[] Of(SeriesIndex index)
    {
        List<TimeSeries> excess = [];
        List<TimeSeries> within = [];
        foreach (var source in index.Sources)
        {
            var all = source.Sets.SelectMany(set => set.Slots.ToArray()).OfType<TimeSeries>();
            if (source.SeriesCount <= index.Limits.MaxSeriesPerSource)
            {
                within.AddRange(all);
                continue;
            }

            var newest = all.OrderByDescending(series => series.LastAppend).ToArray();
            within.AddRange(newest.AsSpan(0, index.Limits.MaxSeriesPerSource));
            excess.AddRange(newest.AsSpan(index.Limits.MaxSeriesPerSource));
        }

        if (within.Count > index.Limits.MaxSeries)
        {
            excess.AddRange(within.OrderByDescending(series => series.LastAppend).Skip(index.Limits.MaxSeries));
        }

        return [.. excess];
    }
}
