namespace Loggregator.TrafficController.Upstream;

/// <summary>How many counts all streams together may remember. Any thread.</summary>
internal sealed class StampBudget(long entries)
{
    private long _left = entries;

    /// <summary>Takes all or nothing.</summary>
    public bool TryTake(int count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref _left, count);
        return false;
    }

    public void Return(int count) => Interlocked.Add(ref _left, count);
}
