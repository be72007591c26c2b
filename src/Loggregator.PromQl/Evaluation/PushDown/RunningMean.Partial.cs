using Loggregator.PromQl.Evaluation.PushDown;

namespace Loggregator.PromQl.Evaluation;

/// <summary>Means of parts.</summary>
internal partial struct RunningMean
{
    /// <summary>The sum, what it lost and the count; of an incremental mean itself, and the count negative.</summary>
    public readonly PartialValue Partial =>
        _incremental ? new PartialValue(_mean.Sum, _mean.Compensation, -_count) : new PartialValue(_sum.Sum, _sum.Compensation, _count);

    public static RunningMean Of(in PartialValue partial)
    {
        var sum = new KahanSum { Sum = partial.Value, Compensation = partial.Compensation };
        return partial.Count < 0 ? new RunningMean { _mean = sum, _count = -partial.Count, _incremental = true } : new RunningMean { _sum = sum, _count = partial.Count };
    }

    /// <summary>Adds the mean of other values, weighed by their number.</summary>
    public void Merge(in RunningMean other)
    {
        if (!Any)
        {
            this = other;
            return;
        }

        var count = _count + other._count;
        if (!_incremental && !other._incremental)
        {
            var next = _sum;
            next.Add(other._sum.Sum);
            next.Compensation += other._sum.Compensation;
            if (!double.IsInfinity(next.Sum))
            {
                (_sum, _count) = (next, count);
                return;
            }
        }

        _mean = new KahanSum { Sum = (Value * (_count / count)) + (other.Value * (other._count / count)) };
        (_incremental, _count) = (true, count);
    }
}
