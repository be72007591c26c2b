namespace Loggregator.TrafficController.Streams;

/// <summary>By what a client reads.</summary>
internal enum StreamProtocol : byte
{
    Grpc,
    Sse,
    WebSocket,
}
