namespace Loggregator.Pipeline.Flow;

/// <summary>
/// Batching by need: after a pause a sender may send a few times at once; one that goes on sending sends once a gap and gathers meanwhile.
/// (A virtual schedule, as in the generic cell rate algorithm of ITU-T I.371.)
/// </summary>
public struct SendPace
{
    private const int AtOnce = 4;
    private TimeSpan _schedule;

    /// <summary>When the next message may go. A time that has passed means at once.</summary>
    public readonly TimeSpan Next(TimeSpan gap) => _schedule - ((AtOnce - 1) * gap);

    /// <summary>One was sent. However many have been sent without asking, because there was so much, the next waits for one gap at most.</summary>
    public void Sent(TimeSpan now, TimeSpan gap)
    {
        var latest = now + (AtOnce * gap);
        _schedule = (now > _schedule ? now : _schedule) + gap;
        _schedule = _schedule < latest ? _schedule : latest;
    }
}
