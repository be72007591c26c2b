using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>The samples that <c>topk</c> or <c>bottomk</c> choose of the series so far: who is not among the first here is not among the first of all.</summary>
/// <param name="aggregate">The aggregation.</param>
/// <param name="name">The metric's name, where the rows have lost it.</param>
/// <param name="parameter">How many to choose.</param>
/// <param name="steps">How many steps.</param>
/// <param name="budget">Counts the samples.</param>
/// <param name="annotations">Takes remarks.</param>
internal sealed class Candidates(
    AggregateExpr aggregate, string name, double parameter, int steps, SampleBudget budget, Annotations annotations) : IPartialResult
{
    public List<PartialGroup> Groups { get; private set; } = [];

    public void Add(StepMatrix input)
    {
        using var all = ToMatrix();
        for (var row = 0; row < input.Count; row++)
        {
            input[row].CopyTo(all[all.Add(input.Labels(row), input.DropName(row))]);
        }

        using var chosen = Choose(all);
        Groups = [.. Enumerable.Range(0, chosen.Count).Select(row => new PartialGroup(chosen.Labels(row), chosen.DropName(row), chosen[row].ToArray(), default, default))];
        budget.Take((long)Groups.Count * steps);
    }

    public void Merge(IReadOnlyList<PartialGroup> groups)
    {
        using var input = new StepMatrix(steps, budget);
        Put(groups, input);
        Add(input);
    }

    public StepMatrix ToMatrix()
    {
        var matrix = new StepMatrix(steps, budget);
        Put(Groups, matrix);
        budget.Return((long)Groups.Count * steps);
        Groups = [];
        return matrix;
    }

    private static void Put(IReadOnlyList<PartialGroup> groups, StepMatrix matrix)
    {
        foreach (var group in groups)
        {
            group.Values.Span.CopyTo(matrix[matrix.Add(group.Labels, group.DropName)]);
        }
    }

    // Among equal values the first series of all is chosen, wherever it came from: so they are put into that order, in which the name counts.
    private StepMatrix Choose(StepMatrix all)
    {
        var keys = new Labels[all.Count];
        var order = new int[all.Count];
        for (var row = 0; row < keys.Length; row++)
        {
            (keys[row], order[row]) = (all.Labels(row).Name.Length > 0 ? all.Labels(row) : all.Labels(row).With(Labels.MetricName, name), row);
        }

        Array.Sort(keys, order, Comparer<Labels>.Create(Labels.Compare));
        using var input = all.Pick(order);
        var (grouping, groups) = (new Grouping(aggregate), new int[input.Count]);
        for (var row = 0; row < groups.Length; row++)
        {
            groups[row] = grouping.GroupOf(input, row);
        }

        return new Ranking(aggregate, parameter, input, groups, budget, annotations).Choose();
    }
}
