using Loggregator.Nozzle.Delivery;

namespace Loggregator.Nozzle.Sinks.Blackhole;

/// <summary>Takes everything and keeps nothing: to measure, and to try a filter.</summary>
internal sealed class BlackholeSink : ISink
{
    /// <summary><c>blackhole:</c>, without options.</summary>
    public static SinkKind Kind { get; } = new(["blackhole"], "blackhole:", (_, _) => _ => new BlackholeSink());

    public SinkLimits Limits { get; } = new(1024 * 1024, 10_000);

    public ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel) => ValueTask.FromResult(SinkAnswer.Settled);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
