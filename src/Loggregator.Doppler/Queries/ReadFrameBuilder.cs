using Google.Protobuf;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;

namespace Loggregator.Doppler.Queries;

/// <summary>A ReadFrame: records, each once however many selectors it matches, and where the reading stands.</summary>
internal sealed class ReadFrameBuilder(int maxBytes) : LogFrame(maxBytes, repeats: false)
{
    /// <summary>The message with what is known of the log.</summary>
    public MessageBuffer Take(ReadFrame rest)
    {
        rest.WriteTo(Open());
        return Take();
    }

    protected override void Gap(uint subscription, in Loss loss)
    {
        // What was evicted while it was being read is history that is not held any more: the oldest timestamp says so.
    }

    protected override void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition, ReadOnlySpan<long> positions)
    {
        // There is one subscription only.
    }
}
