namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// One stream's place at one Doppler: which subscription it reads from now, and how much it has not finished. Guarded by the node's gate.
/// </summary>
internal sealed class Membership(EnvelopeStream stream, DopplerNode node)
{
    public EnvelopeStream Stream { get; } = stream;

    public DopplerNode Node { get; } = node;

    /// <summary>The subscription that it reads from; null after it left.</summary>
    public Line? Line { get; set; }

    /// <summary>Bytes handed over and not released, also those from a former subscription.</summary>
    public long Pending { get; set; }

    /// <summary>How often it left a shared subscription because it was slow.</summary>
    public int Partings { get; set; }

    /// <summary>
    /// Timestamp before which nothing waits for what this Doppler might still bring, as it was awaited in vain. The stream's pump only.
    /// </summary>
    public long AwaitAgainAt { get; set; }
}
