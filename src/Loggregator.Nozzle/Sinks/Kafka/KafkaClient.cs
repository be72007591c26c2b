using Confluent.Kafka;
using Loggregator.Nozzle.Delivery;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// The producer and its topics, made anew after an error that it calls fatal. Its queue is bounded; who finds it full waits. One caller, but for
/// <see cref="Trouble"/>.
/// </summary>
internal sealed class KafkaClient : IAsyncDisposable
{
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(5);
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private KafkaProducer _producer;
    private volatile string? _trouble;

    /// <summary>A client that connects by itself.</summary>
    /// <exception cref="SinkException">A setting is not known or wrong.</exception>
    public KafkaClient(KafkaOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Topics = new KafkaTopics(options);
        _producer = new KafkaProducer(options.Settings, trouble => _trouble = trouble);
    }

    /// <summary>The topics.</summary>
    public KafkaTopics Topics { get; }

    /// <summary>Why nothing gets through at the moment, though the client goes on trying; null when something did.</summary>
    public string? Trouble => _trouble;

    /// <summary>Begins an attempt at a batch.</summary>
    public async Task<KafkaBatch> BeginAsync(RecordBatch batch)
    {
        if (_producer.IsBroken)
        {
            var broken = _producer;
            _producer = new KafkaProducer(_options.Settings, trouble => _trouble = trouble);
            await Task.Run(broken.Dispose); // joins the client's threads
        }

        return new KafkaBatch(batch, _producer, () => _trouble = null);
    }

    /// <summary>Asks for a topic's partitions where that has not been done; the result says what is wrong, or null.</summary>
    public async Task<string?> KnowAsync(string topic, CancellationToken cancel)
    {
        if (!Topics.MustAsk(topic))
        {
            return null;
        }

        var problem = "";
        var partitions = await Task.Run(() => _producer.Partitions(topic, out problem), cancel);
        if (partitions == 0)
        {
            return problem;
        }

        Topics.Note(topic, partitions);
        return null;
    }

    /// <summary>Puts a message of a record into the client's queue, waiting while that is full; the result is why it was not taken.</summary>
    public async ValueTask<ErrorCode> ProduceAsync(KafkaBatch attempt, int record, string topic, ReadOnlyMemory<byte> value, int part, CancellationToken cancel)
    {
        while (true)
        {
            var error = Produce(attempt, record, topic, value.Span, part);
            if (error != ErrorCode.Local_QueueFull)
            {
                return error;
            }

            await Task.Delay(FullPause, _time, cancel);
        }
    }

    public async ValueTask DisposeAsync() => await Task.Run(_producer.Dispose);

    private ErrorCode Produce(KafkaBatch attempt, int record, string topic, ReadOnlySpan<byte> value, int part)
    {
        Span<byte> cursor = stackalloc byte[KafkaMessage.MaxCursor];
        var cursorLength = KafkaMessage.WriteCursor(attempt.Records, record, part, cursor);
        var envelope = attempt.Records.Envelope(record, out var header);
        var message = new KafkaMessage(envelope, header, value, cursor[..cursorLength], _options.Headers);
        return _producer.Produce(attempt.Number, record, topic, Topics.PartitionOf(topic, message.Source), message);
    }
}
