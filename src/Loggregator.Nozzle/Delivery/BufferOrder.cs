namespace Loggregator.Nozzle.Delivery;

/// <summary>What is delivered first when there is a backlog.</summary>
internal enum BufferOrder
{
    /// <summary>The oldest.</summary>
    Fifo,

    /// <summary>What comes now, and the backlog beside it.</summary>
    LiveFirst,
}
