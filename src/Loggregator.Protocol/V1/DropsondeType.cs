namespace Loggregator.Protocol.V1;

/// <summary>The event types of dropsonde, with their numbers on the wire; other numbers may come, and are kept.</summary>
public enum DropsondeType
{
    /// <summary>There is none: no dropsonde envelope.</summary>
    None = 0,

    /// <summary>An HTTP request and its answer.</summary>
    HttpStartStop = 4,

    /// <summary>A line of an app's log.</summary>
    LogMessage = 5,

    /// <summary>A measured value.</summary>
    ValueMetric = 6,

    /// <summary>A counter's growth.</summary>
    CounterEvent = 7,

    /// <summary>An error of a component.</summary>
    Error = 8,

    /// <summary>What an app's container uses.</summary>
    ContainerMetric = 9,
}
