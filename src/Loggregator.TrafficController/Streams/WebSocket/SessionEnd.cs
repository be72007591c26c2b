namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>How a session ends: the close frame that is sent.</summary>
/// <param name="Status">Its code; <see cref="CloseStatus.None"/>: none.</param>
/// <param name="Reason">ASCII, at most 123 characters.</param>
internal sealed record SessionEnd(ushort Status, string Reason)
{
    /// <summary>Text and code are those of the original; clients' operators look for them.</summary>
    public static readonly SessionEnd NoPong = new(CloseStatus.PolicyViolation, "Client did not respond to ping before keep-alive timeout expired.");

    public static readonly SessionEnd Slow = new(CloseStatus.PolicyViolation, "Slow consumer: the client did not read for 5 seconds while there was more to write.");

    public static readonly SessionEnd Stopping = new(CloseStatus.GoingAway, "The Traffic Controller is stopping.");
}
