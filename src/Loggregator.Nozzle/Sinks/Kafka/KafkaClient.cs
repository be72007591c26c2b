using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// The producing client, made anew after an error that it calls fatal. Its queue is bounded; who finds it full waits. One caller, but for
/// <see cref="Heard"/> and <see cref="Trouble"/>.
/// </summary>
internal sealed class KafkaClient : IAsyncDisposable
{
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(10);
    private readonly KafkaOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private IProducer<byte[], byte[]> _producer;
    private volatile string? _trouble;
    private volatile bool _fatal;

    /// <summary>A client that connects by itself.</summary>
    /// <exception cref="SinkException">A setting is not known or wrong.</exception>
    public KafkaClient(KafkaOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _producer = Build();
        Topics = new KafkaTopics(options, _producer.Handle);
    }

    /// <summary>The topics.</summary>
    public KafkaTopics Topics { get; private set; }

    /// <summary>Why nothing gets through at the moment, though the client goes on trying; null when something did.</summary>
    public string? Trouble => _trouble;

    /// <summary>The brokers acknowledged a message, or not.</summary>
    public void Heard(bool acknowledged) => _trouble = acknowledged ? null : _trouble;

    /// <summary>Makes the client anew if it has to be.</summary>
    public async Task ReadyAsync()
    {
        if (_fatal)
        {
            _fatal = false;
            var broken = _producer;
            _producer = Build();
            Topics = new KafkaTopics(_options, _producer.Handle);
            await Task.Run(broken.Dispose); // joins the client's threads
        }
    }

    /// <summary>Puts a message into the client's queue, waiting while that is full; the result is why it was not taken, or null.</summary>
    public async ValueTask<Error?> ProduceAsync(TopicPartition partition, Message<byte[], byte[]> message, Action<DeliveryReport<byte[], byte[]>> report, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                _producer.Produce(partition, message, report);
                return null;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                await Task.Delay(FullPause, _time, cancel);
            }
            catch (KafkaException e)
            {
                _fatal |= e.Error.IsFatal;
                return e.Error;
            }
        }
    }

    public async ValueTask DisposeAsync() => await Task.Run(_producer.Dispose);

    private IProducer<byte[], byte[]> Build()
    {
        try
        {
            return new ProducerBuilder<byte[], byte[]>(_options.Settings)
                .SetErrorHandler((_, error) => Note(error))
                .SetLogHandler((_, line) => Log.Librdkafka(_logger, line.Facility, line.Message))
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new SinkException($"the Kafka client does not take its settings ({e.Message.TrimEnd('.')})", e);
        }
    }

    private void Note(Error error)
    {
        _fatal |= error.IsFatal;
        _trouble = error.Reason.TrimEnd('.');
    }
}
