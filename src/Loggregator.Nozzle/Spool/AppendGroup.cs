using Loggregator.Nozzle.Spool.Format;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Appends that become durable together. Filled under the spool's gate, then written by the committer alone. Heads (block header and origin) are
/// in one buffer of the group; records stay where they are.
/// </summary>
internal sealed class AppendGroup
{
    private readonly List<(MessageBuffer Buffer, int Offset, int Length, int Count, int HeadOffset, int HeadLength)> _entries = [];
    private readonly List<TaskCompletionSource> _late = [];
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private readonly MessageBuffer _heads = MessageBuffer.Rent(64 * 1024);
    private TaskCompletionSource _durable = NewDurable();

    /// <summary>Bytes that its blocks take on disk.</summary>
    public long Bytes { get; private set; }

    /// <summary>Number of records.</summary>
    public ulong Records { get; private set; }

    /// <summary>Number of blocks.</summary>
    public int Blocks => _entries.Count;

    /// <summary>Ends when all of it is durable.</summary>
    public Task Durable => _durable.Task;

    /// <summary>Adds an entry that had to wait for room; its appender is told by <paramref name="stored"/>.</summary>
    public void AddLate(in SpoolEntry entry, TaskCompletionSource stored)
    {
        Add(entry);
        _late.Add(stored);
    }

    public void Add(in SpoolEntry entry)
    {
        var head = _heads.Length;
        _heads.GetSpan(BlockHeader.Length);
        _heads.Advance(BlockHeader.Length);
        BlockOrigin.Write(_heads, entry.Doppler, entry.Position, entry.Positions.Span);
        var headLength = _heads.Length - head;
        _entries.Add((entry.Buffer.Retain(), entry.Offset, entry.Length, entry.Count, head, headLength));
        Bytes += headLength + entry.Length;
        Records += (ulong)entry.Count;
    }

    /// <summary>Its blocks as they go into a segment with this salt, numbered from a record on; valid until <see cref="Reset"/>.</summary>
    public List<ReadOnlyMemory<byte>> Seal(ulong salt, ulong firstRecord, long now)
    {
        _parts.Clear();
        foreach (var entry in _entries)
        {
            var records = entry.Buffer.Memory.Slice(entry.Offset, entry.Length);
            var head = _heads.Writable.Slice(entry.HeadOffset, entry.HeadLength);
            var next = firstRecord + (ulong)entry.Count;
            new BlockHeader(BlockKind.Envelopes, entry.HeadLength - BlockHeader.Length, entry.Length, entry.Count, firstRecord, next, now).Write(head, records.Span, salt);
            _parts.Add(_heads.Memory.Slice(entry.HeadOffset, entry.HeadLength));
            _parts.Add(records);
            firstRecord = next;
        }

        return _parts;
    }

    /// <summary>Tells the appenders how it ended and makes the group empty.</summary>
    public void Reset(Exception? failure = null)
    {
        foreach (var entry in _entries)
        {
            entry.Buffer.Dispose();
        }

        TaskCompletionSource[] ended = [_durable, .. _late];
        _durable = NewDurable();
        _late.Clear();
        _entries.Clear();
        _parts.Clear();
        _heads.Clear();
        (Bytes, Records) = (0, 0);
        foreach (var end in ended)
        {
            if (failure is null)
            {
                end.SetResult();
            }
            else
            {
                end.SetException(failure);
                _ = end.Task.Exception; // observed: whoever appended may have given up
            }
        }
    }

    public static TaskCompletionSource NewDurable() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
