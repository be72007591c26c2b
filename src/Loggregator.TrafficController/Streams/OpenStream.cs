using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams;

/// <summary>
/// One client's stream while it is open, as the role's clock sees it. The pump notes when it begins and ends a write; the clock wakes the
/// pump when something is due and cuts off who does not read.
/// </summary>
internal sealed class OpenStream(
    OpenStreams owner, EnvelopeStream envelopes, StreamProtocol protocol, SlowPolicy slow, TimeProvider time, Action abort, string peer) : IDisposable
{
    private readonly Lock _sync = new();
    private readonly long _patience = Ticks(slow.Patience, time);
    private readonly long _grace = Ticks(slow.Grace, time);
    private Action? _abort = abort; // null once the request is over: its context may be gone
    private long _writingSince; // timestamp, 0: not writing
    private long _due = long.MaxValue; // timestamp

    public EnvelopeStream Envelopes { get; } = envelopes;

    public string Peer { get; } = peer;

    public StreamProtocol Protocol { get; } = protocol;

    /// <summary>The role stops: write what is there, and end.</summary>
    public bool Draining => owner.Draining;

    /// <summary>The client has been found to be a slow consumer: say so, and end.</summary>
    public bool Slow { get; private set; }

    /// <summary>Asks to be woken at this time of <see cref="TimeProvider.GetTimestamp"/>, within a second.</summary>
    public void WakeAt(long timestamp) => Volatile.Write(ref _due, timestamp);

    /// <summary>A write begins that may wait for the client.</summary>
    public void BeginWrite() => Volatile.Write(ref _writingSince, Math.Max(1, time.GetTimestamp()));

    /// <summary>The write is done.</summary>
    public void EndWrite() => Volatile.Write(ref _writingSince, 0);

    /// <summary>Wakes the pump if something is due; true when the client must be cut off.</summary>
    public bool Tick(long now)
    {
        var since = Volatile.Read(ref _writingSince);
        var waited = since == 0 ? 0 : now - since;
        if (slow.Disconnect && !Slow && waited >= _patience)
        {
            Envelopes.SlowConsumer = Slow = true;
        }

        if (waited >= _patience + _grace && waited > 0)
        {
            return true;
        }

        if (now >= Volatile.Read(ref _due))
        {
            Envelopes.Wake();
        }

        return false;
    }

    /// <summary>Ends the connection.</summary>
    public void Abort()
    {
        lock (_sync)
        {
            _abort?.Invoke();
        }
    }

    public void Dispose()
    {
        lock (_sync)
        {
            _abort = null;
        }

        owner.Remove(this);
    }

    private static long Ticks(TimeSpan span, TimeProvider time) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
