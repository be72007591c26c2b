namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>The codes of a close frame (RFC 6455, 7.4).</summary>
internal static class CloseStatus
{
    public const ushort Normal = 1000;

    public const ushort GoingAway = 1001;

    public const ushort ProtocolError = 1002;

    /// <summary>Stands for a close frame without a code; never on the wire.</summary>
    public const ushort None = 1005;

    public const ushort InvalidPayload = 1007;

    public const ushort PolicyViolation = 1008;

    public const ushort TooBig = 1009;

    /// <summary>Whether a peer may send this code: those that are registered, and those left to libraries and applications.</summary>
    public static bool MayBeSent(ushort code) => code is >= 1000 and <= 1014 and not (1004 or None or 1006) or >= 3000 and <= 4999;
}
