using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>One group's aggregate at one step.</summary>
internal partial struct Accumulator
{
    private KahanSum _sum;
    private RunningMean _mean;
    private double _count;

    public void Add(Aggregator op, double value)
    {
        _count++;
        switch (op)
        {
            case Aggregator.Sum when _count == 1:
                _sum.Sum = value;
                break;
            case Aggregator.Sum:
                _sum.Add(value);
                break;
            case Aggregator.Avg:
                _mean.Add(value);
                break;
            case Aggregator.Min:
                _sum.Sum = _count == 1 || _sum.Sum > value || double.IsNaN(_sum.Sum) ? value : _sum.Sum;
                break;
            case Aggregator.Max:
                _sum.Sum = _count == 1 || _sum.Sum < value || double.IsNaN(_sum.Sum) ? value : _sum.Sum;
                break;
            case Aggregator.StdDev or Aggregator.StdVar:
                AddSquare(value);
                break;
        }
    }

    /// <summary>The aggregate, or the staleness marker of a group without samples.</summary>
    public readonly double Result(Aggregator op) => _count == 0 ? Sample.Stale : op switch
    {
        Aggregator.Sum => _sum.Value,
        Aggregator.Avg => _mean.Value,
        Aggregator.Count => _count,
        Aggregator.Group => 1,
        Aggregator.StdVar => _sum.Sum / _count,
        Aggregator.StdDev => Math.Sqrt(_sum.Sum / _count),
        _ => _sum.Sum,
    };

    /// <summary>Welford's sum of squared distances in <c>Sum</c>, the mean in <c>Compensation</c>.</summary>
    private void AddSquare(double value)
    {
        if (_count == 1)
        {
            (_sum.Compensation, _sum.Sum) = (value, double.IsFinite(value) ? 0 : double.NaN);
            return;
        }

        var delta = value - _sum.Compensation;
        _sum.Compensation += delta / _count;
        _sum.Sum += delta * (value - _sum.Compensation);
    }
}
