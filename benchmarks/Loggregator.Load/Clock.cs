using System.Diagnostics;

namespace Loggregator.Load;

/// <summary>
/// UNIX time in nanoseconds that never steps: wall-clock time read once, monotonic from there. Any thread may read it.
/// </summary>
internal static class Clock
{
    private static readonly long Origin = Stopwatch.GetTimestamp();
    private static readonly long UnixOrigin = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static long Now => UnixOrigin + (long)((Stopwatch.GetTimestamp() - Origin) * NanosecondsPerTick);
}
