using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Streams.Cursors;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>The subscriptions of all Attach streams: so many at a time, and what they read. Any thread.</summary>
internal sealed class Subscriptions(
    DopplerSet dopplers, OpenStreams streams, TrafficControllerCounters counters, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private int _open;

    public TrafficControllerCounters Counters => counters;

    public TrafficControllerOptions Options => options.Value;

    /// <summary>How this role names itself: it is not a Doppler, and keeps nothing that a new run could have lost.</summary>
    public DopplerHello Hello { get; } = new() { DopplerId = dopplers.ClientId, Incarnation = 1, Protocol = 1, TrafficController = true };

    /// <summary>Counts one more; false, and counted as refused, when there are too many.</summary>
    public bool TryAdd()
    {
        if (Interlocked.Increment(ref _open) <= Options.MaxAttachSubscriptions)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref counters.RejectedStreams);
        return false;
    }

    /// <summary>Takes <see cref="TryAdd"/> back.</summary>
    public void Remove() => Interlocked.Decrement(ref _open);

    /// <summary>Begins to read for a subscription.</summary>
    /// <param name="query">What.</param>
    /// <param name="output">Where to.</param>
    /// <param name="ready">Called whenever there is something to read, by any thread and under locks.</param>
    /// <param name="peer">Whose it is.</param>
    public SubscriptionReading Read(OpenQuery query, IStreamOutput output, Action ready, AttachPeer peer)
    {
        var stream = dopplers.Open(query.Request, ready);
        var open = streams.Add(stream, StreamProtocol.Attach, peer.Name, peer.Abort);
        var cursors = new CursorStream(stream, output, query.LastLines, query.Cursor, Options, time, counters);
        cursors.Begin();
        return new SubscriptionReading(stream, open, cursors);
    }
}
