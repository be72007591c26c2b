using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>What an IngestBatch holds beside its records.</summary>
public struct IngestBatchHeader
{
    /// <summary>The batch's number; 0 in a message that only greets.</summary>
    public ulong N;

    /// <summary>The batch was sent before to another Doppler.</summary>
    public bool Resent;

    /// <summary>The content of the hello message, for the generated parser; <see cref="HasHello"/> tells an empty one from none.</summary>
    public ByteRange Hello;

    /// <summary>The message greets.</summary>
    public bool HasHello;

    /// <summary>Number of records.</summary>
    public int Records;
}
