using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// One attempt at a batch: notes the broker's answers, which come on the client's thread, while others of its messages are still being produced.
/// A record that was split is delivered when all of its parts are.
/// </summary>
internal sealed class KafkaBatch(RecordBatch batch, Action<bool> heard)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] _parts = new int[batch.Count]; // unanswered messages of each record
    private int _unanswered = 1; // one for the producer itself
    private string? _failure;
    private bool _abandoned;

    /// <summary>Some message was too large for a broker: alone or with others, it did not say.</summary>
    public bool WasTooLarge { get; private set; }

    /// <summary>The messages of a record are about to be produced; the result takes the report of each.</summary>
    public Action<DeliveryReport<byte[], byte[]>> Expect(int record, int messages)
    {
        lock (_lock)
        {
            _unanswered += messages;
            _parts[record] = messages;
        }

        return report => Answer(record, report.Error);
    }

    /// <summary>A message of a record was answered, or could not be produced after all.</summary>
    public void Answer(int record, Error error)
    {
        heard(!error.IsError);
        lock (_lock)
        {
            if (_abandoned)
            {
                return;
            }

            _parts[record] -= error.IsError ? 0 : 1; // what failed stays: the record is not delivered
            if (_parts[record] == 0)
            {
                batch.Deliver(record);
            }

            WasTooLarge |= error.Code == ErrorCode.MsgSizeTooLarge;
            _failure ??= error.IsError ? error.Reason.TrimEnd('.') : null;
            if (--_unanswered == 0)
            {
                _done.SetResult();
            }
        }
    }

    /// <summary>Why it failed; null when it did not, or not yet.</summary>
    public string? Failure => _failure;

    /// <summary>Renders a record; false when it was refused.</summary>
    public bool Render(RenderedMessages output, int record)
    {
        lock (_lock)
        {
            return output.Add(batch, record);
        }
    }

    /// <summary>Refuses a record.</summary>
    public void Refuse(int record, LossReason reason, string why)
    {
        lock (_lock)
        {
            batch.Refuse(record, reason, why);
        }
    }

    /// <summary>Why the attempt failed as a whole.</summary>
    public void Fail(string failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
        }
    }

    /// <summary>Completes when all that was produced is answered; when cancelled, later answers are ignored.</summary>
    public async Task<SinkAnswer> AnsweredAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            if (--_unanswered == 0)
            {
                _done.SetResult();
            }
        }

        try
        {
            await _done.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                _abandoned = true;
            }

            throw;
        }

        return _failure is null ? SinkAnswer.Settled : SinkAnswer.Retry(_failure);
    }
}
