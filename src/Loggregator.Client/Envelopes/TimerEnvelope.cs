namespace Loggregator.Client;

/// <summary>How long something took.</summary>
public sealed class TimerEnvelope : Envelope
{
    /// <summary>What it was.</summary>
    public string Name { get; init; } = "";

    /// <summary>When it began, UNIX time in nanoseconds.</summary>
    public long StartNanoseconds { get; init; }

    /// <summary>When it ended, UNIX time in nanoseconds.</summary>
    public long StopNanoseconds { get; init; }

    /// <summary>When it began, to 100 nanoseconds.</summary>
    public DateTimeOffset Start => TimeOf(StartNanoseconds);

    /// <summary>When it ended, to 100 nanoseconds.</summary>
    public DateTimeOffset Stop => TimeOf(StopNanoseconds);

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed => Stop - Start;
}
