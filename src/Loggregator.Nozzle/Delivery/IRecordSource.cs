namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// Where a sink's records wait: a spool on disk, or a ring in memory. One delivery loop takes from it; it alone decides the order in which
/// records are taken.
/// </summary>
internal interface IRecordSource
{
    /// <summary>What waits or is being delivered. Any thread may ask.</summary>
    Backlog Backlog { get; }

    /// <summary>Appends what is there at once to the batch, as long as it holds less than the limits (a single larger record passes when the batch is empty), and sets its mark.</summary>
    /// <returns>False when nothing was there.</returns>
    ValueTask<bool> TakeAsync(RecordBatch batch, int maxBytes, int maxRecords, CancellationToken cancel);

    /// <summary>Completes when there may be something to take.</summary>
    ValueTask WaitAsync(CancellationToken cancel);

    /// <summary>Every record of the batch is delivered, or refused and put away: it need not be kept. Called once for each batch, in the order of taking.</summary>
    void MarkDelivered(RecordBatch batch);

    /// <summary>
    /// The delivery has stopped without knowing whether the receiver has the batch: a source that outlives it keeps it. Called after all
    /// <see cref="MarkDelivered"/>, in the order of taking.
    /// </summary>
    void Abandon(RecordBatch batch)
    {
    }
}
