using Loggregator.PromQl.Storage;

namespace Loggregator.TrafficController.Metrics;

/// <summary>
/// Makes one series of what several Dopplers told of the same labels. Samples of a source that moved are put in the order of time; of two at the same
/// time the larger one stays: totals only grow, and of a gauge one must be chosen. What Dopplers counted themselves is added up.
/// </summary>
internal static class SeriesMerge
{
    /// <summary>All series, no two with equal labels, in the order of their labels.</summary>
    /// <param name="answers">Of each Doppler.</param>
    /// <param name="cancel">Ends it.</param>
    public static List<MetricSeries> Merge(IEnumerable<IEnumerable<SeriesPart>> answers, CancellationToken cancel)
    {
        var bySeries = new Dictionary<Labels, object>(); // a part, or a list of parts
        foreach (var part in answers.SelectMany(answer => answer))
        {
            if (!bySeries.TryAdd(part.Labels, part))
            {
                bySeries[part.Labels] = bySeries[part.Labels] is List<SeriesPart> parts ? [.. parts, part] : new List<SeriesPart> { (SeriesPart)bySeries[part.Labels], part };
            }
        }

        var merged = new List<MetricSeries>(bySeries.Count);
        foreach (var held in bySeries.Values)
        {
            cancel.ThrowIfCancellationRequested();
            merged.Add(held is List<SeriesPart> parts ? Merge(parts) : Whole((SeriesPart)held, ((SeriesPart)held).Samples));
        }

        merged.Sort(static (left, right) => Labels.Compare(left.Labels, right.Labels));
        return merged;
    }

    private static MetricSeries Whole(SeriesPart part, ReadOnlyMemory<Sample> samples) => new(part.Labels, part.Kind, part.Unit, part.Derived, samples);

    private static MetricSeries Merge(List<SeriesPart> parts)
    {
        var first = parts.Find(part => part.Derived) ?? parts[0];
        if (first.Derived)
        {
            return Whole(first, Add([.. parts.Where(part => part.Derived).Select(part => part.Samples)]));
        }

        var samples = first.Samples;
        foreach (var part in parts.Skip(1))
        {
            samples = Interleave(samples.Span, part.Samples.Span);
        }

        return Whole(first, samples);
    }

    private static Sample[] Interleave(ReadOnlySpan<Sample> one, ReadOnlySpan<Sample> other)
    {
        var all = new Sample[one.Length + other.Length];
        var (count, i, j) = (0, 0, 0);
        while (i < one.Length || j < other.Length)
        {
            if (j == other.Length || (i < one.Length && one[i].Time < other[j].Time))
            {
                all[count++] = one[i++];
            }
            else if (i == one.Length || other[j].Time < one[i].Time)
            {
                all[count++] = other[j++];
            }
            else
            {
                all[count++] = one[i].Value > other[j].Value || double.IsNaN(other[j].Value) ? one[i] : other[j];
                i++;
                j++;
            }
        }

        return all[..count];
    }

    /// <summary>
    /// The sum of counters. Each counts with its last value until it says another: it tells changes only, so silence is no end. Before its first sample it
    /// counts with that one's value: what it had counted by then is no increase within the time asked for. One that begins anew goes on from where it was.
    /// So the sum never shrinks, and its increase is that of the parts.
    /// </summary>
    private static Sample[] Add(ReadOnlyMemory<Sample>[] parts)
    {
        parts = [.. parts.Where(part => part.Length > 0)];
        var at = new int[parts.Length];
        var sum = parts.Sum(part => part.Span[0].Value);
        var all = new List<Sample>();
        while (true)
        {
            var time = long.MaxValue;
            for (var i = 0; i < parts.Length; i++)
            {
                time = at[i] < parts[i].Length ? Math.Min(time, parts[i].Span[at[i]].Time) : time;
            }

            if (time == long.MaxValue)
            {
                return [.. all];
            }

            for (var i = 0; i < parts.Length; i++)
            {
                var part = parts[i].Span;
                if (at[i] < part.Length && part[at[i]].Time == time)
                {
                    var (value, before) = (part[at[i]].Value, at[i] > 0 ? part[at[i] - 1].Value : part[0].Value);
                    sum += value < before ? value : value - before;
                    at[i]++;
                }
            }

            all.Add(new Sample(time, sum));
        }
    }
}
