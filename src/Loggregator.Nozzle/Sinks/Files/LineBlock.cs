using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Sinks.Files;

/// <summary>A batch as lines, one message each; protobuf as records of an <c>EnvelopeBatch</c>. Used again for batch after batch.</summary>
internal sealed class LineBlock : IDisposable
{
    private readonly RenderedMessages _messages = new();
    private readonly MessageBuffer _block = MessageBuffer.Rent(64 * 1024);

    /// <summary>Renders the pending records; the bytes are good until the next call.</summary>
    public ReadOnlyMemory<byte> Render(RecordBatch batch, IRecordFormat format)
    {
        _messages.Render(batch, format);
        _block.Clear();
        for (var i = 0; i < _messages.Count; i++)
        {
            var message = _messages[i].Span;
            if (format is ProtobufFormat)
            {
                Records.Append(_block, message);
                continue;
            }

            _block.Write(message);
            if (!message.EndsWith("\n"u8))
            {
                _block.Write("\n"u8);
            }
        }

        return _block.Memory;
    }

    public void Dispose()
    {
        _messages.Dispose();
        _block.Dispose();
    }
}
