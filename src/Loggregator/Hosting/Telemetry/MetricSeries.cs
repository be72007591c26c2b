namespace Loggregator.Hosting.Telemetry;

/// <summary>One series: its value, or a histogram's sum and buckets.</summary>
internal sealed class MetricSeries(double[]? bounds)
{
    /// <summary>Counts by bucket, the last without upper bound; null unless a histogram.</summary>
    public long[]? Buckets { get; } = bounds is null ? null : new long[bounds.Length + 1];

    public double Value { get; private set; }

    public void Record(double value, bool add)
    {
        if (bounds is not null)
        {
            var bucket = Array.BinarySearch(bounds, value);
            Buckets![bucket < 0 ? ~bucket : bucket]++;
            add = true;
        }

        Value = add ? Value + value : value;
    }
}
