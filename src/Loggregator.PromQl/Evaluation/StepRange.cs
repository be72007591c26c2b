namespace Loggregator.PromQl.Evaluation;

/// <summary>The times at which an expression is evaluated, in milliseconds.</summary>
/// <param name="Start">The first.</param>
/// <param name="Interval">From one to the next, at least 1.</param>
/// <param name="Count">How many; may be 0.</param>
internal readonly record struct StepRange(long Start, long Interval, int Count)
{
    public long End => Start + ((Count - 1) * Interval);

    public long this[int step] => Start + (step * Interval);

    /// <summary>From <paramref name="start"/> as long as not past <paramref name="end"/>.</summary>
    public static StepRange Between(long start, long end, long interval, int maxSteps)
    {
        var steps = end < start ? 0 : ((end - start) / interval) + 1;
        return steps > maxSteps ? throw SampleBudget.Exceeded() : new StepRange(start, interval, (int)steps);
    }
}
