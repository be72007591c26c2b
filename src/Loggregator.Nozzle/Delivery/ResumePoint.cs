namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// Keeps the order of a sink that has several batches in flight: after one failed, those behind it are refused until that one comes again. Any
/// thread may report a failure.
/// </summary>
internal sealed class ResumePoint
{
    private readonly Lock _lock = new();
    private long _sequence = long.MaxValue; // of the first batch that failed

    /// <summary>Whether a batch may go on its way now; if it is the one that failed first, the way is free again.</summary>
    public bool Admits(RecordBatch batch)
    {
        lock (_lock)
        {
            if (batch.Sequence > _sequence)
            {
                return false;
            }

            _sequence = long.MaxValue;
            return true;
        }
    }

    /// <summary>A batch failed: no later one passes before it.</summary>
    public void Failed(RecordBatch batch)
    {
        lock (_lock)
        {
            _sequence = Math.Min(_sequence, batch.Sequence);
        }
    }
}
