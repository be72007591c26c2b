namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>What <see cref="ClientFrames"/> came upon.</summary>
internal enum ClientEvent : byte
{
    /// <summary>Nothing yet: all bytes are taken, and more are needed.</summary>
    None,

    /// <summary>A text or binary message has ended; its content is gone.</summary>
    Message,

    /// <summary>A ping, with <see cref="ClientFrames.Control"/>.</summary>
    Ping,

    /// <summary>A pong, with <see cref="ClientFrames.Control"/>.</summary>
    Pong,

    /// <summary>A close frame, with <see cref="ClientFrames.Status"/>.</summary>
    Close,

    /// <summary>The client broke the protocol: <see cref="ClientFrames.Status"/> and <see cref="ClientFrames.Error"/> say how. Nothing can be read after it.</summary>
    Error,
}
