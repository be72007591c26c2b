using Loggregator.TrafficController.Streams.Cursors;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>What a subscription reads with, until it is closed or its selectors change.</summary>
internal sealed record SubscriptionReading(EnvelopeStream Stream, OpenStream Open, CursorStream Cursors) : IDisposable
{
    public void Dispose()
    {
        Cursors.Abandon();
        Open.Dispose();
        Stream.Dispose();
    }
}
