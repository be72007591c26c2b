using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.LogCache;

/// <summary>The bytes that the answers to all reads may take together. Any thread.</summary>
internal sealed class ReadBudget(IOptions<TrafficControllerOptions> options)
{
    private long _taken;

    /// <summary>What is taken now.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Takes bytes in any case; false when that is more than there are.</summary>
    public bool TryTake(long bytes) => Interlocked.Add(ref _taken, bytes) <= options.Value.ReadBytes;

    public void Give(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
