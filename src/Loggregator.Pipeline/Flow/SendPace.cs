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

    /// <summary>One was sent.</summary>
    public void Sent(TimeSpan now, TimeSpan gap) => _schedule = (now > _schedule ? now : _schedule) + gap;
}
