using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// Produces to Kafka with an idempotent client that never gives a message up by itself, so that several batches in flight keep their order. A
/// record is delivered when the brokers have acknowledged it.
/// </summary>
internal sealed class KafkaSink : ISink
{
    private readonly KafkaOptions _options;
    private readonly KafkaClient _client;
    private readonly RenderedMessages _messages;
    private readonly SemaphoreSlim _producing = new(1, 1);
    private readonly ResumePoint _resume = new();
    private long _oneByOne; // sequence of a batch in which something was too large: its messages must not share a request

    private KafkaSink(KafkaOptions options, SinkContext context)
    {
        _options = options;
        _client = new KafkaClient(options, context.Time);
        _messages = new RenderedMessages(options.Format);
    }

    /// <summary><c>kafka://</c> with the options of <see cref="KafkaOptions"/>.</summary>
    public static SinkKind Kind { get; } = new(["kafka"], "kafka://broker:9092/logs", (url, read) =>
    {
        var options = new KafkaOptions(url, read);
        return context => new KafkaSink(options, context);
    });

    public SinkLimits Limits { get; } = new(1024 * 1024, 5_000, MaxInFlight: 8);

    public string? Trouble => _client.Trouble;

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        KafkaBatch? attempt = null;
        try
        {
            await _producing.WaitAsync(cancel);
            try
            {
                if (!_resume.Admits(batch))
                {
                    return SinkAnswer.Retry("an earlier batch must go first");
                }

                attempt = await _client.BeginAsync(batch);
                await ProduceAsync(batch, attempt, cancel);
            }
            finally
            {
                _producing.Release();
            }

            var answer = await attempt.AnsweredAsync(cancel);
            if (answer.Failure is not null)
            {
                await NoteFailureAsync(batch, attempt, cancel);
            }

            return answer;
        }
        finally
        {
            attempt?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _messages.Dispose();
        _producing.Dispose();
    }

    private async Task NoteFailureAsync(RecordBatch batch, KafkaBatch attempt, CancellationToken cancel)
    {
        _resume.Failed(batch);
        await _producing.WaitAsync(cancel);
        _oneByOne = attempt.WasTooLarge ? batch.Sequence : _oneByOne;
        _client.Topics.Forget(); // a topic may have been made anew
        _producing.Release();
    }

    private async Task ProduceAsync(RecordBatch batch, KafkaBatch attempt, CancellationToken cancel)
    {
        var oneByOne = _oneByOne == batch.Sequence;
        for (var record = 0; record < batch.Count; record++)
        {
            if (batch.State(record) != RecordState.Pending || !Render(batch, record, attempt, _options.MaxMessageBytes))
            {
                continue;
            }

            var topic = _client.Topics.Of(Source(batch, record));
            if (await _client.KnowAsync(topic, cancel) is { } problem)
            {
                attempt.Fail(problem);
                return;
            }

            if (!(oneByOne ? await ProduceAloneAsync(batch, record, topic, attempt, cancel) : await ProduceRecordAsync(record, topic, attempt, cancel)))
            {
                return;
            }
        }
    }

    // Renders a record into messages of at most so many bytes; false when it was refused.
    private bool Render(RecordBatch batch, int record, KafkaBatch attempt, int maxBytes)
    {
        _messages.Clear();
        if (attempt.Render(_messages, record) is false)
        {
            return false;
        }

        maxBytes -= KafkaMessage.Overhead(batch, record);
        var largest = _messages.LargestBytes;
        if (largest <= maxBytes || (_options.Oversize == KafkaOversize.Split && LogParts.Render(_messages, batch, record, maxBytes)))
        {
            return true;
        }

        attempt.Refuse(record, LossReason.TooLarge, $"its message of {largest} bytes is larger than the {maxBytes} that the broker takes");
        return false;
    }

    private async Task<bool> ProduceRecordAsync(int record, string topic, KafkaBatch attempt, CancellationToken cancel)
    {
        attempt.Expect(record, _messages.Count);
        for (var part = 0; part < _messages.Count; part++)
        {
            var error = await _client.ProduceAsync(attempt, record, topic, _messages[part], _messages.Count > 1 ? part + 1 : 0, cancel);
            if (error != ErrorCode.NoError)
            {
                for (; part < _messages.Count; part++)
                {
                    attempt.Answer(record, error);
                }

                return false;
            }
        }

        return true;
    }

    // What is too large now is so by itself: it is split into halves until the broker takes it, or refused.
    private async Task<bool> ProduceAloneAsync(RecordBatch batch, int record, string topic, KafkaBatch attempt, CancellationToken cancel)
    {
        while (true)
        {
            var largest = _messages.LargestBytes;
            using var alone = await _client.BeginAsync(batch);
            if (!await ProduceRecordAsync(record, topic, alone, cancel) || await alone.AnsweredAsync(cancel) is { Failure: not null })
            {
                if (!alone.WasTooLarge)
                {
                    attempt.Fail(alone.Failure ?? "it was not produced");
                    return false;
                }

                if (!Render(batch, record, attempt, (largest / 2) + KafkaMessage.Overhead(batch, record)))
                {
                    return true; // refused
                }

                continue;
            }

            return true;
        }
    }

    private static ReadOnlySpan<byte> Source(RecordBatch batch, int record)
    {
        var envelope = batch.Envelope(record, out var header);
        return header.SourceId.Of(envelope);
    }
}
