namespace Loggregator.Nozzle.Delivery;

/// <summary>How a sink is doing.</summary>
internal enum SinkState
{
    /// <summary>Records are delivered as they come.</summary>
    Delivering,

    /// <summary>The last attempt failed; it is tried again after a growing pause.</summary>
    Retrying,

    /// <summary>It has failed for long and is only probed.</summary>
    Open,

    /// <summary>Its loop has ended.</summary>
    Stopped,
}
