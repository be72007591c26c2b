using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Aggregations that choose series instead of combining them: <c>topk</c>, <c>bottomk</c>, <c>limitk</c>, <c>limit_ratio</c>.</summary>
internal sealed class Ranking(AggregateExpr aggregate, double parameter, StepMatrix input, int[] groups, SampleBudget budget, Annotations annotations)
{
    /// <summary>The chosen samples; of one step also in order, group by group.</summary>
    public StepMatrix Choose()
    {
        var output = new StepMatrix(input.Steps, budget);
        var members = groups.Select((group, row) => (group, row)).GroupBy(pair => pair.group, pair => pair.row).Select(group => group.ToList()).ToList();
        Func<List<int>, int, IEnumerable<int>> choose;
        if (aggregate.Operator == Aggregator.LimitRatio)
        {
            var ratio = Ratio();
            choose = (rows, step) => ratio == 0 ? [] : rows.Where(row => IsDrawn(input.Labels(row), ratio));
        }
        else
        {
            var count = Count();
            choose = (rows, step) => count < 1 ? [] : First(rows, step, count);
        }

        var targets = new Dictionary<int, int>();
        for (var step = 0; step < input.Steps; step++)
        {
            budget.Take(0);
            foreach (var rows in members)
            {
                var present = rows.FindAll(row => !Sample.IsStale(input[row][step]));
                foreach (var row in choose(present, step))
                {
                    if (!targets.TryGetValue(row, out var target))
                    {
                        targets.Add(row, target = output.Add(input.Labels(row), input.DropName(row)));
                    }

                    output[target][step] = input[row][step];
                }
            }
        }

        return output;
    }

    private IEnumerable<int> First(List<int> rows, int step, int count)
    {
        if (aggregate.Operator == Aggregator.LimitK)
        {
            return rows.Take(count);
        }

        var descending = aggregate.Operator == Aggregator.TopK;
        return rows.Order(Comparer<int>.Create((left, right) => Sorting.ByValue(input[left][step], input[right][step], descending))).Take(count);
    }

    private int Count()
    {
        // What does not fit 64 bits is refused, as there.
        return double.IsNaN(parameter) || parameter is >= 9223372036854775807.0 or <= -9223372036854775808.0
            ? throw new PromQlException(PromQlFault.Execution, $"Scalar value {GoText.Number(parameter)} overflows int64")
            : (int)Math.Clamp(Math.Truncate(parameter), 0, input.Count);
    }

    private double Ratio()
    {
        if (double.IsNaN(parameter))
        {
            throw new PromQlException(PromQlFault.Execution, "Ratio value NaN is NaN");
        }

        var ratio = Math.Clamp(parameter, -1, 1);
        if (ratio != parameter)
        {
            annotations.BadRatio(parameter, ratio, aggregate.Parameter!);
        }

        return ratio;
    }

    /// <summary>Draws by the labels' hash, so that a ratio r and r - 1 share the series without overlap.</summary>
    private static bool IsDrawn(Labels labels, double ratio)
    {
        var place = labels.StableHash() / (double)ulong.MaxValue;
        return ratio >= 0 ? place < ratio : place >= 1 + ratio;
    }
}
