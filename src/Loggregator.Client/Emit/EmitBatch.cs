using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Emit;

/// <summary>An EnvelopeBatch in the making.</summary>
internal sealed class EmitBatch
{
    public MessageBuffer Message { get; } = MessageBuffer.Rent(4096);

    public int Count { get; private set; }

    public int Bytes => Message.Length;

    /// <summary>Adds an envelope and returns by how many bytes the batch grew.</summary>
    public int Add(ReadOnlySpan<byte> envelope)
    {
        var before = Message.Length;
        Records.Append(Message, envelope);
        Count++;
        return Message.Length - before;
    }
}
