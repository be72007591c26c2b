namespace Loggregator.Nozzle.Delivery;

/// <summary>What happens to new records when a durable sink's disk or budget is full.</summary>
internal enum BufferFull
{
    /// <summary>They are not taken: the Doppler's log holds them, as long as it can.</summary>
    Stop,

    /// <summary>The oldest go, and gap records tell of them.</summary>
    DropOldest,
}
