namespace Loggregator.Client.Emit;

/// <summary>How an <see cref="Emitter"/> buffers and retries.</summary>
public sealed class EmitterOptions
{
    /// <summary>Bytes that may wait for the agent; past it envelopes are dropped and counted, or the caller waits.</summary>
    public long CapacityBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How long one batch is tried again while the agent cannot be reached, before it is given up and counted.</summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromSeconds(10);
}
