using Loggregator.Load.Accounting;

namespace Loggregator.Load.Reporting;

/// <summary>Milliseconds from when an envelope was due until its reader had it.</summary>
internal sealed record LatencyReport(long Count, double P50, double P99, double P999, double Max)
{
    private const double NanosecondsPerMillisecond = 1e6;

    public static LatencyReport Of(LatencyHistogram histogram) => new(
        histogram.Count,
        Math.Round(histogram.Quantile(0.5) / NanosecondsPerMillisecond, 3),
        Math.Round(histogram.Quantile(0.99) / NanosecondsPerMillisecond, 3),
        Math.Round(histogram.Quantile(0.999) / NanosecondsPerMillisecond, 3),
        Math.Round(histogram.Max / NanosecondsPerMillisecond, 3));
}
