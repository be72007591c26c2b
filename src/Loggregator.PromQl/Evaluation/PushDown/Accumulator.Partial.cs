using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Aggregates of parts.</summary>
internal partial struct Accumulator
{
    /// <summary>What another accumulator needs to go on from here.</summary>
    public readonly PartialValue Partial(Aggregator op) => _count == 0 ? new PartialValue(Sample.Stale, 0, 0) : op switch
    {
        Aggregator.Avg => _mean.Partial,
        Aggregator.Sum => new PartialValue(_sum.Sum, _sum.Compensation, _count),
        _ => new PartialValue(Result(op), 0, _count),
    };

    /// <summary>Adds the aggregate of other samples.</summary>
    public void Merge(Aggregator op, in PartialValue other)
    {
        if (Sample.IsStale(other.Value))
        {
            return;
        }

        switch (op)
        {
            case Aggregator.Avg:
                _mean.Merge(RunningMean.Of(other));
                _count++;
                break;
            case Aggregator.Count:
                _count += other.Value;
                break;
            default:
                Add(op, other.Value);
                _sum.Compensation += other.Compensation;
                break;
        }
    }
}
