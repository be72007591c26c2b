using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// One attempt at a batch: how far it was sent, and what the brokers answered. A record that became several messages is delivered when all of them are.
/// One thread uses it; any thread may wait for its <see cref="Answer"/>.
/// </summary>
internal sealed class KafkaAttempt(RecordBatch records, CancellationToken cancel)
{
    private readonly TaskCompletionSource<SinkAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<int, int> _parts = []; // messages that are not acknowledged, of records with several

    /// <summary>The batch; the attempt must not touch it once it is over.</summary>
    public RecordBatch Records { get; } = records;

    /// <summary>Numbers the attempts of a sink from 1 on; 0 before the first message.</summary>
    public long Number { get; set; }

    /// <summary>The record that is sent next.</summary>
    public int Next { get; set; }

    /// <summary>Messages of that record that were sent already, before the queue was full.</summary>
    public int Part { get; set; }

    /// <summary>Messages that were sent and not answered.</summary>
    public int Unanswered { get; set; }

    /// <summary>Whether each record waits for the answer to the one before: something in this batch is too large for the brokers.</summary>
    public bool IsOneByOne { get; set; }

    /// <summary>Bytes of the largest message of the record that was sent last.</summary>
    public int LargestBytes { get; set; }

    /// <summary>Some message was too large for a broker: alone or with others, it did not say.</summary>
    public bool WasTooLarge { get; set; }

    /// <summary>Why it failed; null when it did not, or not yet.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether all is sent that will be.</summary>
    public bool IsSent => Failure is not null || (Next == Records.Count && !(IsOneByOne && (WasTooLarge || Unanswered > 0)));

    /// <summary>Whether nobody waits any more.</summary>
    public bool IsCancelled => cancel.IsCancellationRequested;

    /// <summary>What becomes of it.</summary>
    public Task<SinkAnswer> Answer => _answer.Task;

    /// <summary>A record becomes several messages.</summary>
    public void Expect(int record, int messages) => _parts[record] = messages;

    /// <summary>A message of a record was answered, or could not be sent after all.</summary>
    public void Note(int record, ErrorCode error)
    {
        Unanswered--;
        if (error == ErrorCode.NoError)
        {
            if (_parts.Count == 0 || !_parts.TryGetValue(record, out var parts) || (_parts[record] = parts - 1) == 0)
            {
                Records.Deliver(record);
            }

            return;
        }

        WasTooLarge |= error == ErrorCode.MsgSizeTooLarge;
        if (!IsOneByOne || error != ErrorCode.MsgSizeTooLarge)
        {
            Fail(Librdkafka.Text((int)error));
        }
    }

    /// <summary>Why the attempt failed as a whole.</summary>
    public void Fail(string failure) => Failure ??= failure;

    /// <summary>It is over.</summary>
    public void Complete() => _answer.TrySetResult(Failure is null ? SinkAnswer.Settled : SinkAnswer.Retry(Failure));

    /// <summary>It is over, by a mistake of ours.</summary>
    public void Break(Exception mistake) => _answer.TrySetException(mistake);

    /// <summary>It is over, as nobody waits any more.</summary>
    public void GiveUp() => _answer.TrySetCanceled(cancel);
}
