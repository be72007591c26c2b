using FASTER.core;

namespace Loggregator.Benchmarks;

/// <summary>FasterLog with a commit every 10 ms at most, and its own checksums on.</summary>
internal sealed class FasterStore : IBlockStore
{
    private readonly IDevice _device;
    private readonly FasterLog _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _commits;

    public FasterStore(string folder)
    {
        _device = Devices.CreateLogDevice(Path.Combine(folder, "faster.log"));
        _log = new FasterLog(new FasterLogSettings { LogDevice = _device, LogChecksum = LogChecksumType.PerEntry, PageSizeBits = 22, MemorySizeBits = 26 });
        _commits = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
            while (await timer.WaitForNextTickAsync())
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                await _log.CommitAsync();
            }
        });
    }

    public async Task AppendAsync(SpoolBlock block)
    {
        await _log.EnqueueAsync(block.Buffer.Memory);
        await _log.WaitForCommitAsync();
    }

    public async Task<long> ReadBackAsync()
    {
        long count = 0;
        using var scan = _log.Scan(_log.BeginAddress, _log.CommittedUntilAddress);
        while (true)
        {
            while (scan.GetNext(System.Buffers.MemoryPool<byte>.Shared, out var entry, out var length, out _))
            {
                count += SpoolBlock.CountRecords(entry.Memory.Span[..length]);
                entry.Dispose();
            }

            if (scan.NextAddress >= _log.CommittedUntilAddress)
            {
                return count;
            }

            await scan.WaitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _commits;
        _log.Dispose();
        _device.Dispose();
        _stop.Dispose();
    }
}
