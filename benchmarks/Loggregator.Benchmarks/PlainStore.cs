using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Loggregator.Benchmarks;

/// <summary>
/// The least that stores blocks durably: lengths and bytes appended to files of 64 MiB by one thread, synced together every 10 ms at most. No checksums,
/// no origin, no recovery: what any design over plain files starts from.
/// </summary>
internal sealed class PlainStore : IBlockStore
{
    private const int SegmentBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly string _folder;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private readonly List<string> _files = [];
    private List<SpoolBlock> _filling = [], _writing = [];
    private TaskCompletionSource _durable = New();
    private SafeFileHandle? _file;
    private long _length;
    private bool _stop;

    public PlainStore(string folder)
    {
        _folder = folder;
        _thread = new Thread(Run);
        _thread.Start();
    }

    public Task AppendAsync(SpoolBlock block)
    {
        lock (_gate)
        {
            _filling.Add(block);
            Monitor.Pulse(_gate);
            return _durable.Task;
        }
    }

    public Task<long> ReadBackAsync()
    {
        long count = 0;
        var buffer = new byte[1024 * 1024];
        foreach (var file in _files)
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            long offset = 0;
            while (RandomAccess.Read(handle, buffer, offset) is > 0 and var read)
            {
                var at = 0;
                while (read - at >= 4 && BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at)) is var length && length <= read - at - 4)
                {
                    count += SpoolBlock.CountRecords(buffer.AsSpan(at + 4, length));
                    at += 4 + length;
                }

                offset += at;
            }
        }

        return Task.FromResult(count);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stop = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _file?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Run()
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        var committed = 0L;
        while (true)
        {
            TaskCompletionSource durable;
            lock (_gate)
            {
                while (!_stop && (_filling.Count == 0 || TimeProvider.System.GetElapsedTime(committed) < Interval))
                {
                    Monitor.Wait(_gate, _filling.Count == 0 ? Timeout.Infinite : 1);
                }

                if (_filling.Count == 0)
                {
                    return;
                }

                (_filling, _writing) = (_writing, _filling);
                (durable, _durable) = (_durable, New());
            }

            committed = TimeProvider.System.GetTimestamp();
            parts.Clear();
            foreach (var block in _writing)
            {
                parts.Add(BitConverter.GetBytes(block.Buffer.Length));
                parts.Add(block.Buffer.Memory);
            }

            if (_file is null || _length > SegmentBytes)
            {
                _file?.Dispose();
                _files.Add(Path.Combine(_folder, $"plain-{_files.Count}"));
                _file = File.OpenHandle(_files[^1], FileMode.CreateNew, FileAccess.Write);
                _length = 0;
            }

            RandomAccess.Write(_file, parts, _length);
            RandomAccess.FlushToDisk(_file);
            _length += parts.Sum(part => (long)part.Length);
            _writing.Clear();
            durable.SetResult();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
