using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Turns a row of a <see cref="StepMatrix"/> into samples.</summary>
internal static class StepSamples
{
    public static Sample[] Of(ReadOnlySpan<double> row, StepRange range)
    {
        var count = 0;
        foreach (var value in row)
        {
            count += Sample.IsStale(value) ? 0 : 1;
        }

        var samples = new Sample[count];
        count = 0;
        for (var step = 0; step < row.Length; step++)
        {
            if (!Sample.IsStale(row[step]))
            {
                samples[count++] = new Sample(range[step], row[step]);
            }
        }

        return samples;
    }
}
