using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Rendering;

/// <summary>
/// The messages that a batch's pending records became, side by side in one buffer: none, one or, for a gauge in syslog, several of a record.
/// Used again for batch after batch. Not thread safe.
/// </summary>
/// <param name="format">What they are written in.</param>
/// <param name="lines">Whether each message of text gets a line feed at its end, if it has none.</param>
internal sealed class RenderedMessages(IRecordFormat format, bool lines = false) : IDisposable
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

    /// <summary>Bytes of the largest message.</summary>
    public int LargestBytes
    {
        get
        {
            var largest = 0;
            for (var i = 0; i < Count; i++)
            {
                largest = Math.Max(largest, _rows[i].End - _rows[i].Start);
            }

            return largest;
        }
    }

    /// <summary>The bytes of neighbouring messages.</summary>
    public ReadOnlyMemory<byte> Range(int first, int count) => count == 0 ? default : Buffer.Memory[_rows[first].Start.._rows[first + count - 1].End];

    /// <summary>The record that a message is of.</summary>
    public int RecordOf(int index) => _rows[index].Record;

    /// <summary>Renders the pending records of a batch, in place of what was there. Those that have no form are refused, as invalid.</summary>
    public void Render(RecordBatch batch)
    {
        Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.State(i) == RecordState.Pending)
            {
                Add(batch, i);
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
    public bool Add(RecordBatch batch, int index)
    {
        var envelope = batch.Envelope(index, out var header);
        if (Add(index, envelope, header, _id.AsSpan(0, batch.WriteId(index, _id))) is not { } problem)
        {
            return true;
        }

        batch.Refuse(index, LossReason.Invalid, problem);
        return false;
    }

    /// <summary>Renders what stands for a record behind what is there; the result says why it has no such form, or null.</summary>
    public string? Add(int record, ReadOnlySpan<byte> envelope, in EnvelopeHeader header, ReadOnlySpan<byte> id)
    {
        var (count, length) = (Count, Buffer.Length);
        _record = record;
        var problem = format.Write(this, envelope, header, id);
        if (problem is not null)
        {
            Count = count;
            Buffer.Truncate(length);
            _start = length;
        }

        return problem;
    }

    /// <summary>For formats: what was written since the last message is one.</summary>
    public void EndMessage()
    {
        if (lines && format.IsText && !Buffer.Span[_start..].EndsWith("\n"u8))
        {
            Buffer.Write("\n"u8);
        }

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
