namespace Loggregator.Nozzle.Delivery;

/// <summary>How a sink's records wait for it. What holds them reads this: the spool, or the live ring.</summary>
internal sealed record BufferOptions
{
    /// <summary>On disk, acknowledged once they are there, or in memory.</summary>
    public BufferMode Mode { get; init; } = BufferMode.Durable;

    /// <summary>What goes first when there is a backlog.</summary>
    public BufferOrder Order { get; init; } = BufferOrder.Fifo;

    /// <summary>What happens when it is full.</summary>
    public BufferFull WhenFull { get; init; } = BufferFull.Stop;

    /// <summary>Bytes of disk or memory; null for the default of what holds them.</summary>
    public long? Bytes { get; init; }

    /// <summary>Bytes of the dead-letter file.</summary>
    public long DeadLetterBytes { get; init; } = 64 * 1024 * 1024;
}
