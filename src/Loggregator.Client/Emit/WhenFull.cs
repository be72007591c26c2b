namespace Loggregator.Client;

/// <summary>What an <see cref="Emitter"/> does with an envelope for which its queue has no room.</summary>
public enum WhenFull
{
    /// <summary>The oldest envelopes that are not under way give way, so that the newest are sent.</summary>
    DropOldest,

    /// <summary>The new one is not taken.</summary>
    DropNewest,

    /// <summary>
    /// The caller's thread waits until there is room, and nothing is dropped. In asynchronous code await
    /// <see cref="Emitter.WaitForRoomAsync"/> before emitting.
    /// </summary>
    Wait,
}
