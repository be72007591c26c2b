namespace Loggregator.Protocol.Envelopes;

/// <summary>Time as envelopes carry it.</summary>
public static class UnixTime
{
    /// <summary>Now, in UNIX nanoseconds, as fine as the clock is.</summary>
    public static long GetUnixNanoseconds(this TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
    }
}
