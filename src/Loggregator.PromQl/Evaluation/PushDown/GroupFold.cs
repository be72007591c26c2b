using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>Groups of series combined into one value a step each.</summary>
internal sealed class GroupFold(AggregateExpr aggregate, int steps, SampleBudget budget) : IPartialResult
{
    private const int SamplesEach = 4; // what an accumulator counts for
    private readonly Grouping _grouping = new(aggregate);
    private readonly List<Accumulator[]> _accumulators = [];

    public void Add(StepMatrix input)
    {
        for (var row = 0; row < input.Count; row++)
        {
            var values = input[row];
            var into = Of(_grouping.GroupOf(input, row));
            for (var step = 0; step < values.Length; step++)
            {
                if (!Sample.IsStale(values[step]))
                {
                    into[step].Add(aggregate.Operator, values[step]);
                }
            }
        }
    }

    public void Merge(IReadOnlyList<PartialGroup> groups)
    {
        foreach (var group in groups)
        {
            var values = group.Values.Span;
            var compensations = group.Compensations.Span;
            var counts = group.Counts.Span;
            var into = Of(_grouping.IndexOf(group.Labels, group.DropName));
            for (var step = 0; step < values.Length; step++)
            {
                into[step].Merge(aggregate.Operator, new PartialValue(values[step], compensations.IsEmpty ? 0 : compensations[step], counts.IsEmpty ? 1 : counts[step]));
            }
        }
    }

    public List<PartialGroup> Groups => [.. Enumerable.Range(0, _accumulators.Count).Select(Group)];

    public StepMatrix ToMatrix()
    {
        var output = new StepMatrix(steps, budget);
        for (var group = 0; group < _accumulators.Count; group++)
        {
            var (labels, dropName) = _grouping.Groups[group];
            var results = output[output.Add(labels, dropName)];
            for (var step = 0; step < steps; step++)
            {
                results[step] = _accumulators[group][step].Result(aggregate.Operator);
            }
        }

        budget.Return((long)_accumulators.Count * steps * SamplesEach);
        _accumulators.Clear();
        return output;
    }

    private PartialGroup Group(int group)
    {
        var values = new double[steps];
        var compensations = new double[steps];
        var counts = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            (values[step], compensations[step], counts[step]) = _accumulators[group][step].Partial(aggregate.Operator);
        }

        var (labels, dropName) = _grouping.Groups[group];
        var exact = Array.TrueForAll(compensations, static lost => lost == 0);
        return new PartialGroup(labels, dropName, values, exact ? default : compensations, aggregate.Operator == Aggregator.Avg ? counts : default);
    }

    private Accumulator[] Of(int group)
    {
        if (group == _accumulators.Count)
        {
            budget.Take((long)steps * SamplesEach);
            _accumulators.Add(new Accumulator[steps]);
        }

        return _accumulators[group];
    }
}
