using System.Threading.Channels;

namespace Loggregator.TrafficController;

/// <summary>
/// What the role has to tell as events, until the host has sent it on: the last hundred, older ones are dropped and counted. Any number of
/// writers, one reader.
/// </summary>
public sealed class TrafficControllerEvents
{
    private const int Capacity = 100;
    private readonly Channel<SelfEvent> _events;
    private long _dropped;

    /// <summary>Makes an empty queue.</summary>
    public TrafficControllerEvents() => _events = Channel.CreateBounded<SelfEvent>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
        _ => Interlocked.Increment(ref _dropped));

    /// <summary>The events in their order.</summary>
    public ChannelReader<SelfEvent> Reader => _events.Reader;

    /// <summary>Events that nobody has taken in time.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Adds an event; never waits.</summary>
    public void Add(SelfEvent told) => _events.Writer.TryWrite(told);
}
