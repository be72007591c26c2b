using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Aggregations.</summary>
internal sealed partial class Evaluator
{
    private StepMatrix Aggregate(AggregateExpr aggregate, StepRange range)
    {
        if (pushed is not null && pushed.TryGetValue(aggregate, out var carriedOut))
        {
            return carriedOut.ToMatrix();
        }

        if (aggregate.Operator == Aggregator.CountValues)
        {
            return CountValues(aggregate, range);
        }

        double parameter = 0;
        if (aggregate.Parameter is not null)
        {
            using var scalar = Evaluate(aggregate.Parameter, range);
            parameter = range.Count == 0 ? 0 : scalar[0][0];
        }

        using var input = Evaluate(aggregate.Inner, range);
        if (aggregate.Operator is not (Aggregator.Quantile or (>= Aggregator.TopK and <= Aggregator.LimitRatio)))
        {
            var fold = new GroupFold(aggregate, range.Count, budget);
            fold.Add(input);
            return fold.ToMatrix();
        }

        var grouping = new Grouping(aggregate);
        var groups = new int[input.Count];
        for (var row = 0; row < groups.Length; row++)
        {
            groups[row] = grouping.GroupOf(input, row);
        }

        if (aggregate.Operator != Aggregator.Quantile)
        {
            return new Ranking(aggregate, parameter, input, groups, budget, annotations).Choose();
        }

        if (!Quantiles.IsProper(parameter))
        {
            annotations.BadQuantile(parameter, aggregate.Parameter!);
        }

        var output = new StepMatrix(range.Count, budget);
        foreach (var (labels, dropName) in grouping.Groups)
        {
            output.Add(labels, dropName);
        }

        GroupQuantiles.Fill(output, input, groups, parameter);
        return output;
    }

    private StepMatrix CountValues(AggregateExpr aggregate, StepRange range)
    {
        var label = ((StringLiteral)ParenExpr.Unwrap(aggregate.Parameter!)).Value;
        if (!GoText.IsPlainLabel(label))
        {
            throw new PromQlException(PromQlFault.Execution, $"invalid label name {GoText.Quote(label)}");
        }

        using var input = Evaluate(aggregate.Inner, range);
        var builder = new MatrixBuilder(range.Count, budget);
        var by = aggregate.Without ? [.. aggregate.Grouping, Labels.MetricName] : (string[])[.. aggregate.Grouping, label];
        for (var row = 0; row < input.Count; row++)
        {
            var kept = aggregate.Without ? input.Labels(row).With(label, "").Without(by) : input.Labels(row).Only(by);
            for (var step = 0; step < range.Count; step++)
            {
                var value = input[row][step];
                if (!Sample.IsStale(value))
                {
                    var labels = kept.With(label, aggregate.Without && aggregate.Grouping.Contains(label) ? "" : GoText.Number(value));
                    ref var count = ref builder.Result[builder.Row(labels, false)][step];
                    count = Sample.IsStale(count) ? 1 : count + 1;
                }
            }
        }

        return builder.Result;
    }
}
