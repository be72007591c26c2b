using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The classic histograms of a vector: series that differ in <c>le</c> alone.</summary>
internal sealed class HistogramBuckets
{
    private readonly Dictionary<Labels, List<(double Bound, int Row)>> _histograms = [];
    private readonly StepMatrix _vector;
    private readonly Call _call;
    private readonly Annotations _annotations;
    private readonly SampleBudget _budget;

    public HistogramBuckets(StepMatrix vector, Call call, Annotations annotations, SampleBudget budget)
    {
        (_vector, _call, _annotations, _budget) = (vector, call, annotations, budget);
        for (var row = 0; row < vector.Count; row++)
        {
            var labels = vector.Labels(row);
            if (!GoText.TryFloat(labels[Labels.BucketBound], out var bound))
            {
                annotations.BadBucketBound(labels.Name, labels[Labels.BucketBound], call.Arguments[1]);
                continue;
            }

            var key = labels.Without(Labels.BucketBound);
            if (!_histograms.TryGetValue(key, out var buckets))
            {
                _histograms.Add(key, buckets = []);
            }

            buckets.Add((bound, row));
        }
    }

    public StepMatrix Quantile(ReadOnlySpan<double> quantile, Func<Labels, Labels> dropName)
    {
        foreach (var q in quantile)
        {
            if (!Quantiles.IsProper(q))
            {
                _annotations.BadQuantile(q, _call.Arguments[0]);
            }
        }

        var builder = new MatrixBuilder(_vector.Steps, _budget);
        foreach (var (labels, buckets) in _histograms)
        {
            buckets.Sort(static (left, right) => left.Bound.CompareTo(right.Bound));
            var row = builder.Row(dropName(labels), true);
            var present = new (double Bound, double Count)[buckets.Count];
            for (var step = 0; step < quantile.Length; step++)
            {
                var count = 0;
                foreach (var (bound, bucket) in buckets)
                {
                    if (!Sample.IsStale(_vector[bucket][step]))
                    {
                        present[count++] = (bound, _vector[bucket][step]);
                    }
                }

                if (count == 0)
                {
                    continue;
                }

                builder.Put(row, step, Quantiles.OfBuckets(quantile[step], present.AsSpan(0, count), out var forced));
                if (forced)
                {
                    _annotations.ForcedMonotonicity(labels.Name, _call.Arguments[1]);
                }
            }
        }

        return builder.Result;
    }
}
