namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// When an endpoint that fails is tried again: after pauses that grow exponentially with full jitter, and once the breaker is open, at random
/// within 60 to 120 s, so that a thousand dead endpoints cost next to nothing and do not come back all at once. Not thread safe, but for
/// <see cref="IsOpen"/>.
/// </summary>
/// <param name="options">How patient it is.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Draws from [0, 1).</param>
internal sealed class Breaker(DeliveryOptions options, TimeProvider time, Func<double>? random = null)
{
    private static readonly TimeSpan ProbeMin = TimeSpan.FromSeconds(60), ProbeMax = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1); // what a receiver may ask for
    private readonly Func<double> _random = random ?? Random.Shared.NextDouble;
    private volatile bool _open;
    private long _failingSince;
    private int _failures;

    /// <summary>The endpoint has failed for so long that it is only probed.</summary>
    public bool IsOpen => _open;

    /// <summary>Notes a failure and returns the pause before the next attempt.</summary>
    /// <param name="retryAfter">What the receiver asked for; honoured up to an hour.</param>
    public TimeSpan Failed(TimeSpan? retryAfter)
    {
        if (_failures++ == 0)
        {
            _failingSince = time.GetTimestamp();
        }

        _open |= _failures > 1 && time.GetElapsedTime(_failingSince) >= options.BreakAfter;
        var pause = _open
            ? ProbeMin + ((ProbeMax - ProbeMin) * _random())
            : Min(options.RetryMax, options.RetryMin * Math.Pow(2, Math.Min(_failures - 1, 30))) * _random();
        return retryAfter is { } asked && asked > pause ? Min(asked, LongestRetryAfter) : pause;
    }

    /// <summary>Notes a success: the next failure is a first one again.</summary>
    public void Succeeded()
    {
        _failures = 0;
        _open = false;
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
