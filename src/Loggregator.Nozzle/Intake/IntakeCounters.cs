namespace Loggregator.Nozzle.Intake;

/// <summary>
/// What came in for one sink; its reader writes, any thread may read. In envelopes, once nothing is under way:
/// <c>Received + Told = Filtered + TooLarge + Appended</c>.
/// </summary>
internal sealed class IntakeCounters
{
    /// <summary>Envelopes got from Dopplers, gap records of earlier tiers included.</summary>
    public long Received;

    /// <summary>Bytes of these.</summary>
    public long ReceivedBytes;

    /// <summary>Of these, those that the sink's filter does not take.</summary>
    public long Filtered;

    /// <summary>Of these, those that are too large for the sink's spool.</summary>
    public long TooLarge;

    /// <summary>Gap records made here of what a Doppler said, or of <see cref="TooLarge"/>.</summary>
    public long Told;

    /// <summary>Envelopes that Dopplers said are lost, where they knew how many.</summary>
    public long ToldLost;

    /// <summary>Envelopes and gap records handed to the buffer.</summary>
    public long Appended;

    /// <summary>Frames got from Dopplers.</summary>
    public long Frames;

    /// <summary>Of these, those acknowledged.</summary>
    public long Acknowledged;
}
