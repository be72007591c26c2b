using Loggregator.Protocol.Grpc;

namespace Loggregator.Agent.Forwarding;

/// <summary>A batch that was made and is not yet answered. Its lane owns it and the message; it is charged to the ring meanwhile.</summary>
internal sealed class OutgoingBatch(ulong n, MessageBuffer message, int envelopes, int charge)
{
    /// <summary>1, 2, 3 … per lane.</summary>
    public ulong N { get; } = n;

    /// <summary>An IngestBatch, or an EnvelopeBatch for an original Doppler.</summary>
    public MessageBuffer Message { get; } = message;

    public int Envelopes { get; } = envelopes;

    /// <summary>To be released at the ring.</summary>
    public int Charge { get; } = charge;

    /// <summary>Name of the Doppler that it was sent to last; null before the first time.</summary>
    public string? SentTo { get; set; }

    /// <summary>It was sent to another Doppler before, which may hold it too; the message says so.</summary>
    public bool MarkedResent { get; set; }
}
