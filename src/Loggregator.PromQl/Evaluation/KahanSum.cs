namespace Loggregator.PromQl.Evaluation;

/// <summary>A sum with Neumaier's compensation for what its rounding loses.</summary>
internal struct KahanSum
{
    public double Sum;
    public double Compensation;

    public readonly double Value => double.IsInfinity(Sum) ? Sum : Sum + Compensation;

    public void Add(double value)
    {
        var total = Sum + value;
        Compensation += Math.Abs(Sum) >= Math.Abs(value) ? (Sum - total) + value : (value - total) + Sum;
        Sum = total;
    }
}
