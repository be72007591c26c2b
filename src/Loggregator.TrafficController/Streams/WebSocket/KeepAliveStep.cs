namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>What <see cref="KeepAlive"/> asks for.</summary>
internal enum KeepAliveStep : byte
{
    Nothing,
    Ping,

    /// <summary>The client has not answered: close.</summary>
    GiveUp,
}
