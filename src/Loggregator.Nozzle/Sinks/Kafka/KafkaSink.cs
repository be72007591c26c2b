using Loggregator.Nozzle.Delivery;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// Produces to Kafka with an idempotent client that never gives a message up by itself, so that several batches in flight keep their order. A
/// record is delivered when the brokers have acknowledged it.
/// </summary>
internal sealed class KafkaSink : ISink
{
    private readonly KafkaProducer _producer;

    private KafkaSink(KafkaOptions options, SinkContext context) => _producer = new KafkaProducer(options, context.Logger);

    /// <summary><c>kafka://</c> with the options of <see cref="KafkaOptions"/>.</summary>
    public static SinkKind Kind { get; } = new(["kafka"], "kafka://broker:9092/logs", (url, read) =>
    {
        var options = new KafkaOptions(url, read);
        return context => new KafkaSink(options, context);
    });

    public SinkLimits Limits { get; } = new(256 * 1024, 5_000, MaxInFlight: 8);

    public string? Trouble => _producer.Trouble;

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        var answer = _producer.DeliverAsync(batch, cancel);
        await using var cancelled = cancel.UnsafeRegister(static producer => ((KafkaProducer)producer!).Wake(), _producer);
        return await answer;
    }

    public async ValueTask DisposeAsync() => await Task.Run(_producer.Dispose); // joins threads
}
