using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Benchmarks;

/// <summary>The nozzle's spool.</summary>
internal sealed class SpoolStore(string folder) : IBlockStore
{
    private static readonly DopplerIdentity Doppler = new("doppler-1", 1);

    private readonly EnvelopeSpool _spool =
        EnvelopeSpool.Open(new SpoolOptions { Directory = folder }, NullLogger.Instance, TimeProvider.System);

    private ulong _position;

    public SpoolCounters Counters => _spool.Counters;

    public Task AppendAsync(SpoolBlock block) => _spool.AppendAsync(
        new SpoolEntry(block.Buffer, 0, block.Buffer.Length, block.Count, Doppler, Interlocked.Add(ref _position, (ulong)block.Count)), CancellationToken.None);

    public Task<long> ReadBackAsync()
    {
        long count = 0;
        using var reader = _spool.OpenReader(BufferOrder.Fifo);
        while (reader.TryRead() is { } batch)
        {
            foreach (var record in batch)
            {
                count += record.Envelope.Length > 0 ? 1 : 0;
            }

            batch.Complete();
            batch.Dispose();
        }

        return Task.FromResult(count);
    }

    public ValueTask DisposeAsync() => _spool.DisposeAsync();
}
