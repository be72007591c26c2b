namespace Loggregator.TrafficController.LogCache;

/// <summary>The bytes that the answers to all reads of a kind may take together. Any thread.</summary>
/// <param name="most">So many.</param>
internal sealed class ReadBudget(long most)
{
    private long _taken;

    /// <summary>What is taken now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes bytes in any case; false when that is more than there are.</summary>
    public bool TryTake(long bytes) => Interlocked.Add(ref _taken, bytes) <= most;

    public void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
