namespace Loggregator.PromQl.Evaluation;

/// <summary>A mean: the sum divided by the count as long as the sum is finite, then an incremental mean that does not overflow.</summary>
internal partial struct RunningMean
{
    private KahanSum _sum;
    private KahanSum _mean;
    private double _count;
    private bool _incremental;

    public readonly bool Any => _count > 0;

    public readonly double Value => _incremental ? _mean.Value : (_sum.Sum + _sum.Compensation) / _count;

    public void Add(double value)
    {
        _count++;
        if (!_incremental)
        {
            var next = _sum;
            next.Add(value);
            if (_count == 1 || !double.IsInfinity(next.Sum))
            {
                _sum = _count == 1 ? new KahanSum { Sum = value } : next;
                return;
            }

            _incremental = true;
            _mean = new KahanSum { Sum = _sum.Sum / (_count - 1), Compensation = _sum.Compensation / (_count - 1) };
        }

        // An infinite mean stays as it is, unless its opposite or NaN comes: x - Inf would make it NaN.
        if (double.IsInfinity(_mean.Sum) && (double.IsFinite(value) || value == _mean.Sum))
        {
            return;
        }

        _mean.Add((value / _count) - ((_mean.Sum + _mean.Compensation) / _count));
    }
}
