namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// When to ping a client, and when to give it up: a ping at once, then one so long after each pong; a ping that is not answered in time ends
/// the session. A pong that nobody asked for answers the next ping. Times are those of a monotonic clock. Not thread safe.
/// </summary>
/// <param name="now">When the session began.</param>
/// <param name="interval">From a pong to the next ping.</param>
/// <param name="patience">From a ping to its pong.</param>
internal sealed class KeepAlive(long now, long interval, long patience)
{
    private bool _waiting;
    private bool _answered; // in advance

    /// <summary>When <see cref="Next"/> has something to say again.</summary>
    public long Due { get; private set; } = now;

    /// <summary>What is to be done now.</summary>
    public KeepAliveStep Next(long time)
    {
        if (time < Due)
        {
            return KeepAliveStep.Nothing;
        }

        if (_waiting)
        {
            return KeepAliveStep.GiveUp;
        }

        _waiting = !_answered;
        _answered = false;
        Due = time + (_waiting ? patience : interval);
        return KeepAliveStep.Ping;
    }

    /// <summary>A pong has come.</summary>
    public void Pong(long time)
    {
        if (!_waiting)
        {
            _answered = true;
            return;
        }

        _waiting = false;
        Due = time + interval;
    }
}
