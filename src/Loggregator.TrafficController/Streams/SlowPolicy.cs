namespace Loggregator.TrafficController.Streams;

/// <summary>What becomes of a client that does not read although there is something to write.</summary>
/// <param name="Patience">How long one write may wait.</param>
/// <param name="Grace">Time after that to say goodbye, if the client reads again; then the connection is cut.</param>
/// <param name="Disconnect">Whether who runs out of patience is told and counted as a slow consumer, though it may read again.</param>
internal sealed record SlowPolicy(TimeSpan Patience, TimeSpan Grace, bool Disconnect)
{
    /// <summary>The original's rule for WebSockets: 5 s for one message, cut off after 6.</summary>
    public static readonly SlowPolicy Original = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1), Disconnect: true);

    /// <summary>Whoever reads at all stays, misses what its Dopplers could not keep, and is told so.</summary>
    public static SlowPolicy Drop(TimeSpan patience) => new(patience, TimeSpan.Zero, Disconnect: false);
}
