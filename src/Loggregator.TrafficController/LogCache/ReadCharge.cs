namespace Loggregator.TrafficController.LogCache;

/// <summary>The bytes of one read, of those that all reads may take together. Any thread, but <see cref="Dispose"/>: once, at the end.</summary>
internal sealed class ReadCharge(ReadBudget budget) : IDisposable
{
    private long _bytes;

    /// <summary>Takes some more; false when that is too much.</summary>
    public bool TryAdd(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        return budget.TryTake(bytes);
    }

    public void Dispose() => budget.Give(Interlocked.Exchange(ref _bytes, 0));
}
