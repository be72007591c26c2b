using Loggregator.Pipeline.Log;

namespace Loggregator.Doppler.Attach;

/// <summary>The subscriptions of one form of an Attach stream: who reads for them, and the frame that it fills.</summary>
internal sealed class AttachOutput(EnvelopeLog log, DopplerCounters counters, DropsondeRows? conversion) : IDisposable
{
    private const int FrameBytes = 64 * 1024;

    public LogConsumer Consumer { get; } = new(log, counters.Delivery);

    public AttachFrameBuilder Frame { get; } = new(FrameBytes, conversion);

    public AttachNews News { get; } = new();

    public void Dispose()
    {
        Consumer.Dispose();
        conversion?.Leave();
    }
}
