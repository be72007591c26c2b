using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// One attempt at a batch: notes the broker's answers, which come on the client's thread, while others of its messages are still being produced.
/// A record that was split is delivered when all of its parts are.
/// </summary>
internal sealed class KafkaBatch : IDisposable
{
    private readonly KafkaProducer _producer;
    private readonly Action _acknowledged;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] _parts; // unanswered messages of each record
    private int _unanswered = 1; // one for the producer itself
    private string? _failure;
    private bool _abandoned;

    /// <summary>Begins it.</summary>
    /// <param name="records">The batch.</param>
    /// <param name="producer">Who sends it.</param>
    /// <param name="acknowledged">Is told of each message that the brokers acknowledge.</param>
    public KafkaBatch(RecordBatch records, KafkaProducer producer, Action acknowledged)
    {
        (Records, _producer, _acknowledged) = (records, producer, acknowledged);
        _parts = new int[records.Count];
        Number = producer.Begin(this);
    }

    /// <summary>The batch.</summary>
    public RecordBatch Records { get; }

    /// <summary>The producer's number of this attempt.</summary>
    public long Number { get; }

    /// <summary>Some message was too large for a broker: alone or with others, it did not say.</summary>
    public bool WasTooLarge { get; private set; }

    /// <summary>So many messages of a record are about to be produced.</summary>
    public void Expect(int record, int messages)
    {
        lock (_lock)
        {
            _unanswered += messages;
            _parts[record] = messages;
        }
    }

    /// <summary>A message of a record was answered, or could not be produced after all.</summary>
    public void Answer(int record, ErrorCode error)
    {
        if (error == ErrorCode.NoError)
        {
            _acknowledged();
        }

        lock (_lock)
        {
            if (_abandoned)
            {
                return;
            }

            _parts[record] -= error == ErrorCode.NoError ? 1 : 0; // what failed stays: the record is not delivered
            if (_parts[record] == 0)
            {
                Records.Deliver(record);
            }

            WasTooLarge |= error == ErrorCode.MsgSizeTooLarge;
            _failure ??= error == ErrorCode.NoError ? null : Librdkafka.Text((int)error);
            if (--_unanswered == 0)
            {
                _done.TrySetResult();
            }
        }
    }

    /// <summary>No more answers will come.</summary>
    public void Abandon(string reason)
    {
        lock (_lock)
        {
            _abandoned = true;
            _failure ??= reason;
            _done.TrySetResult();
        }
    }

    /// <summary>Why it failed; null when it did not, or not yet.</summary>
    public string? Failure => _failure;

    /// <summary>Renders a record; false when it was refused.</summary>
    public bool Render(RenderedMessages output, int record)
    {
        lock (_lock)
        {
            return output.Add(Records, record);
        }
    }

    /// <summary>Refuses a record.</summary>
    public void Refuse(int record, LossReason reason, string why)
    {
        lock (_lock)
        {
            Records.Refuse(record, reason, why);
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

    /// <summary>Completes when all that was produced is answered; after a cancellation the attempt must be disposed, so that later answers are ignored.</summary>
    public async Task<SinkAnswer> AnsweredAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            if (--_unanswered == 0)
            {
                _done.TrySetResult();
            }
        }

        await _done.Task.WaitAsync(cancel);
        return _failure is null ? SinkAnswer.Settled : SinkAnswer.Retry(_failure);
    }

    /// <summary>Ends the attempt: later answers are nobody's.</summary>
    public void Dispose()
    {
        _producer.End(Number);
        lock (_lock)
        {
            _abandoned = true;
        }
    }
}
