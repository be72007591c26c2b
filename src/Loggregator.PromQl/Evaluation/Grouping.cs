using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The groups of an aggregation, in the order in which they turn up.</summary>
internal sealed class Grouping(AggregateExpr aggregate)
{
    private readonly string[] _labels = aggregate.Without ? [.. aggregate.Grouping, Labels.MetricName] : [.. aggregate.Grouping];
    private readonly Dictionary<Labels, int> _indexes = [];

    public List<(Labels Labels, bool DropName)> Groups { get; } = [];

    /// <summary>The index of the group to which a row belongs.</summary>
    public int GroupOf(StepMatrix input, int row)
    {
        // Of a name that is to go at the end the aggregation still takes notice where it is named.
        var labels = aggregate.Without ? input.Labels(row).Without(_labels) : _labels.Length == 0 ? Labels.Empty : input.Labels(row).Only(_labels);
        return IndexOf(labels, input.DropName(row));
    }

    /// <summary>The index of the group with these labels.</summary>
    public int IndexOf(Labels labels, bool dropName)
    {
        if (!_indexes.TryGetValue(labels, out var index))
        {
            _indexes.Add(labels, index = Groups.Count);
            Groups.Add((labels, dropName));
        }
        else if (dropName)
        {
            Groups[index] = (labels, true);
        }

        return index;
    }
}
