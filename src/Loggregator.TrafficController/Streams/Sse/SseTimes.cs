namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>Periods of an SSE stream in units of <see cref="TimeProvider.TimestampFrequency"/>.</summary>
/// <param name="Heartbeat">Idle time before a heartbeat.</param>
/// <param name="Life">Time until the stream is closed; 0: it is not.</param>
internal readonly record struct SseTimes(long Heartbeat, long Life)
{
    public static SseTimes Of(TrafficControllerOptions options, TimeProvider time, bool limited) => new(
        Stamps(options.Heartbeat, time), limited ? Stamps(options.StreamTimeout, time) : 0);

    private static long Stamps(TimeSpan span, TimeProvider time) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
