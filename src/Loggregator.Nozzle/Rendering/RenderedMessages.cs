using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// The messages that a batch's pending records became, side by side in one buffer: none, one or, for a gauge in syslog, several of a record.
/// Used again for batch after batch. Not thread safe.
/// </summary>
internal sealed class RenderedMessages : IDisposable
{
    private readonly byte[] _id = new byte[RecordBatch.MaxIdLength];
    private Row[] _rows = new Row[256];
    private int _record;
    private int _start;

    /// <summary>What is being written.</summary>
    public MessageBuffer Buffer { get; } = MessageBuffer.Rent(64 * 1024);

    /// <summary>Number of messages.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all messages.</summary>
    public int Bytes => Buffer.Length;

    /// <summary>A message's bytes.</summary>
    public ReadOnlyMemory<byte> this[int index] => Buffer.Memory[_rows[index].Start.._rows[index].End];

    /// <summary>The record that a message is of.</summary>
    public int RecordOf(int index) => _rows[index].Record;

    /// <summary>Renders the pending records of a batch, in place of what was there. Those that have no form are refused, as invalid.</summary>
    public void Render(RecordBatch batch, IRecordFormat format)
    {
        Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.State(i) == RecordState.Pending)
            {
                Add(batch, i, format);
            }
        }
    }

    /// <summary>Forgets all messages.</summary>
    public void Clear()
    {
        Buffer.Clear();
        (Count, _start) = (0, 0);
    }

    /// <summary>Renders one record behind what is there. False when it was refused.</summary>
    public bool Add(RecordBatch batch, int index, IRecordFormat format)
    {
        var (count, length) = (Count, Buffer.Length);
        _record = index;
        var envelope = batch.Envelope(index, out var header);
        if (format.Write(this, envelope, header, _id.AsSpan(0, batch.WriteId(index, _id))) is not { } problem)
        {
            return true;
        }

        Count = count;
        Buffer.Truncate(length);
        _start = length;
        batch.Refuse(index, LossReason.Invalid, problem);
        return false;
    }

    /// <summary>For formats: what was written since the last message is one.</summary>
    public void EndMessage()
    {
        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, Count * 2);
        }

        _rows[Count++] = new Row(_record, _start, Buffer.Length);
        _start = Buffer.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();

    private readonly record struct Row(int Record, int Start, int End);
}
