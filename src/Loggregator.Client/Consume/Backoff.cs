namespace Loggregator.Client.Consume;

/// <summary>Growing, jittered pauses between attempts. Not thread safe.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Random random)
{
    private TimeSpan _next = first;

    /// <summary>The next pause: half to all of a value that doubles each time.</summary>
    public TimeSpan Next()
    {
        var pause = _next * (0.5 + (random.NextDouble() / 2));
        _next = _next * 2 < longest ? _next * 2 : longest;
        return pause;
    }

    /// <summary>Starts again with the shortest pause.</summary>
    public void Reset() => _next = first;
}
