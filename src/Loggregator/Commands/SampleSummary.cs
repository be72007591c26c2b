using Loggregator.PromQl.Storage;

namespace Loggregator.Commands;

/// <summary>The smallest, the largest and the mean of samples; what is not a number does not count, and of nothing all are NaN.</summary>
internal readonly struct SampleSummary
{
    public SampleSummary(ReadOnlySpan<Sample> samples)
    {
        Min = Max = Average = double.NaN;
        double mean = 0, infinite = 0;
        var count = 0;
        foreach (var (_, value) in samples)
        {
            if (double.IsNaN(value))
            {
                continue;
            }

            Min = count == 0 ? value : Math.Min(Min, value);
            Max = count == 0 ? value : Math.Max(Max, value);
            count++;
            if (double.IsInfinity(value))
            {
                infinite += value;
            }
            else
            {
                mean += (value / count) - (mean / count); // divided first, as the difference may be out of bounds
            }
        }

        Average = count == 0 ? double.NaN : infinite is 0 ? mean : infinite;
    }

    public double Min { get; }

    public double Max { get; }

    public double Average { get; }
}
