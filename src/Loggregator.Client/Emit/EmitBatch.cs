using Grpc.Core;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Emit;

/// <summary>An EnvelopeBatch in the making. Envelopes are added behind and may be dropped from the front until it is under way.</summary>
/// <param name="number">Batches are numbered in the order in which they are sent.</param>
internal sealed class EmitBatch(long number) : IDisposable
{
    /// <summary><c>/loggregator.v2.Ingress/Send</c> of such a batch.</summary>
    public static readonly Method<EmitBatch, MessageBuffer> Send = new(
        MethodType.Unary, RawMethods.Ingress, nameof(Send), new Marshaller<EmitBatch>(Serialize, static _ => throw new NotSupportedException()), RawMethods.Marshaller);

    private readonly MessageBuffer _message = MessageBuffer.Rent(4096);
    private int _start;

    public long Number { get; } = number;

    public int Count { get; private set; }

    /// <summary>Bytes of the envelopes that it holds, headers included.</summary>
    public int Bytes => _message.Length - _start;

    /// <summary>Bytes that were ever written into it: what bounds its memory.</summary>
    public int Written => _message.Length;

    /// <summary>The message.</summary>
    public ReadOnlySpan<byte> Span => _message.Span[_start..];

    public void Add(ReadOnlySpan<byte> envelope)
    {
        Records.Append(_message, envelope);
        Count++;
    }

    /// <summary>The first envelope's bytes, valid until the batch changes, and how many bytes its record takes.</summary>
    public ReadOnlySpan<byte> First(out int recordLength)
    {
        var reader = new RecordReader(Span);
        reader.MoveNext();
        recordLength = reader.RecordLength;
        return reader.Current;
    }

    /// <summary>Drops the first record.</summary>
    public void DropFirst(int recordLength)
    {
        _start += recordLength;
        Count--;
    }

    /// <summary>Forgets everything and keeps the memory.</summary>
    public void Clear()
    {
        _message.Clear();
        (_start, Count) = (0, 0);
    }

    public void Dispose() => _message.Dispose();

    private static void Serialize(EmitBatch batch, SerializationContext context)
    {
        var message = batch.Span;
        context.SetPayloadLength(message.Length);
        var writer = context.GetBufferWriter();
        message.CopyTo(writer.GetSpan(message.Length));
        writer.Advance(message.Length);
        context.Complete();
    }
}
