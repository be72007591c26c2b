namespace Loggregator.TrafficController.Streams;

/// <summary>By what a client reads.</summary>
internal enum StreamProtocol : byte
{
    Grpc,

    /// <summary>One subscription of an Attach stream.</summary>
    Attach,
    Sse,
    WebSocket,
}
