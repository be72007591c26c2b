namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>Who is at the other end of an Attach stream.</summary>
/// <param name="Name">For the log.</param>
/// <param name="Abort">Ends the call at once.</param>
internal sealed record AttachPeer(string Name, Action Abort);
