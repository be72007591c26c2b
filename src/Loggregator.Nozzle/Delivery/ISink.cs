namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// A receiver of records, outside. One delivery loop drives it: it calls <see cref="DeliverAsync"/> from one thread at a time, in the order of
/// <see cref="RecordBatch.Sequence"/>, without waiting for more than <see cref="SinkLimits.MaxInFlight"/> answers. Disposing closes connections
/// and files in good order; what was answered as settled is with the receiver by then.
/// </summary>
internal interface ISink : IAsyncDisposable
{
    /// <summary>How the sink wants to be fed.</summary>
    SinkLimits Limits { get; }

    /// <summary>
    /// Why nothing gets through at the moment, as a phrase, where a sink goes on trying by itself instead of answering; null when all is well.
    /// The loop asks while it waits for an answer. Any thread may ask.
    /// </summary>
    string? Trouble => null;

    /// <summary>
    /// Tries once to deliver the batch's pending records, in their order. After an answer that asks for another attempt, the loop waits, hands
    /// the same batch over again, and those behind it that failed too: a sink with several in flight must answer those in the same way, or
    /// the order would be lost (<see cref="ResumePoint"/>). The batch is the loop's again as soon as the task is complete.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; what was not noted is not known to be delivered.</exception>
    ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel);
}
