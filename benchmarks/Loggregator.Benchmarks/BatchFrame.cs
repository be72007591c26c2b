using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;

namespace Loggregator.Benchmarks;

/// <summary>Frames as original readers get them: records and nothing else.</summary>
internal sealed class BatchFrame() : LogFrame(MaxFrameBytes, repeats: true)
{
    private const int MaxFrameBytes = 64 * 1024;

    protected internal override void Gap(uint subscription, in Loss loss) => throw new InvalidOperationException("The benchmark reads too slowly.");

    protected internal override void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition, ReadOnlySpan<long> positions)
    {
    }
}
