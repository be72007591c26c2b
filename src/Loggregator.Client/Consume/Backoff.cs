namespace Loggregator.Client.Consume;

/// <summary>Growing, jittered pauses between attempts. Not thread safe.</summary>
/// <param name="first">The shortest pause.</param>
/// <param name="longest">The longest pause.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _doublings;

    /// <summary>The next pause: half to all of a value that doubles each time.</summary>
    public TimeSpan Next()
    {
        var pause = first * (1 << _doublings);
        if (pause < longest)
        {
            _doublings++;
        }

        return (pause < longest ? pause : longest) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    /// <summary>
    /// Starts again with the shortest pause if what was attempted lasted for at least the longest; so what succeeds and fails at once is not
    /// attempted ever more often than what does not succeed at all.
    /// </summary>
    public void ResetAfter(TimeSpan lasted)
    {
        if (lasted >= longest)
        {
            _doublings = 0;
        }
    }
}
