using System.Diagnostics;

namespace Loggregator.TestKit.Cluster;

/// <summary>Waits for a state to come, and says what is missing when it does not.</summary>
public static class Deadline
{
    /// <summary>The wait that a test allows when it names none.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks until <paramref name="reached"/> or the time is over, and does <paramref name="each"/> after each look that was in vain.</summary>
    public static async Task UntilAsync(Func<bool> reached, Func<string> explain, CancellationToken cancel, TimeSpan? within = null, Func<Task>? each = null)
    {
        var started = Stopwatch.GetTimestamp();
        var limit = within ?? Usual;
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Not reached within {limit.TotalSeconds:0.#} s: {explain()}");
            }

            if (each is not null)
            {
                await each();
            }

            await Task.Delay(Poll, TimeProvider.System, cancel);
        }
    }

    /// <summary>The result of a task that should end soon.</summary>
    public static async Task<T> ResultAsync<T>(Task<T> task, string what, CancellationToken cancel, TimeSpan? within = null)
    {
        try
        {
            return await task.WaitAsync(within ?? Usual, TimeProvider.System, cancel);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Not within {(within ?? Usual).TotalSeconds:0.#} s: {what}");
        }
    }
}
