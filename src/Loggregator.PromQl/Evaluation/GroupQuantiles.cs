using Loggregator.PromQl.Storage;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Quantiles across the series of each group.</summary>
internal static class GroupQuantiles
{
    public static void Fill(StepMatrix output, StepMatrix input, int[] groups, double quantile)
    {
        var values = new double[input.Count];
        foreach (var members in groups.Select((group, row) => (group, row)).GroupBy(pair => pair.group, pair => pair.row))
        {
            for (var step = 0; step < output.Steps; step++)
            {
                var count = 0;
                foreach (var row in members)
                {
                    values[count] = input[row][step];
                    count += Sample.IsStale(values[count]) ? 0 : 1;
                }

                if (count > 0)
                {
                    output[members.Key][step] = Quantiles.Of(quantile, values.AsSpan(0, count));
                }
            }
        }
    }
}
