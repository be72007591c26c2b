namespace Loggregator.PromQl.Evaluation;

/// <summary>How many samples a query holds, and the end of it when they are too many or the time is over.</summary>
internal sealed class SampleBudget(int max, CancellationToken cancel)
{
    private long _held;

    public int Max => max;

    public int Left => (int)Math.Max(0, max - _held);

    public static PromQlException Exceeded() =>
        new(PromQlFault.Execution, "query processing would load too many samples into memory in query execution");

    /// <summary>Counts samples before they are made, and looks whether the query is to end.</summary>
    public void Take(long samples)
    {
        cancel.ThrowIfCancellationRequested();
        if ((_held += samples) > max)
        {
            throw Exceeded();
        }
    }

    public void Return(long samples) => _held -= samples;
}
