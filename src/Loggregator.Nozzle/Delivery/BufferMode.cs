namespace Loggregator.Nozzle.Delivery;

/// <summary>What a sink's records wait in.</summary>
internal enum BufferMode
{
    /// <summary>A spool on disk: they are acknowledged when they are stored, and delivered at least once.</summary>
    Durable,

    /// <summary>A ring in memory, fair among sources: when it is full, or at a crash, they are lost and counted.</summary>
    Live,
}
