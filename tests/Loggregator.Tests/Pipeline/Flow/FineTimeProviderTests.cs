using Loggregator.Pipeline.Flow;
using Xunit;

namespace Loggregator.Tests.Pipeline.Flow;

public sealed class FineTimeProviderTests
{
    private static readonly FineTimeProvider Time = FineTimeProvider.Shared;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(40)]
    public async Task CreateTimer_ShortOrLong_FiresOnceAndNotBeforeItIsDue(int milliseconds)
    {
        var fired = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var times = 0;
        var start = Time.GetTimestamp();
        await using var timer = Time.CreateTimer(
            _ =>
            {
                Interlocked.Increment(ref times);
                fired.TrySetResult(Time.GetTimestamp());
            },
            null,
            TimeSpan.FromMilliseconds(milliseconds),
            Timeout.InfiniteTimeSpan);
        var after = Time.GetElapsedTime(start, await fired.Task.WaitAsync(TestContext.Current.CancellationToken));
        Assert.True(after.TotalMilliseconds >= milliseconds * 0.75, $"It fired after {after.TotalMilliseconds} ms.");
        await Task.Delay(TimeSpan.FromMilliseconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(1, times);
    }

    [Fact]
    public async Task Change_OfManyTimersFromManyThreads_FiresEachAsOftenAsItWasArmed()
    {
        const int timers = 200, rounds = 20;
        var fired = 0;
        await Parallel.ForAsync(0, timers, TestContext.Current.CancellationToken, async (n, cancellation) =>
        {
            var signal = new AsyncSignal();
            await using var timer = Time.CreateTimer(_ => signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            for (var round = 0; round < rounds; round++)
            {
                timer.Change(TimeSpan.FromMilliseconds(n % 3), Timeout.InfiniteTimeSpan);
                await signal.WaitAsync();
                Interlocked.Increment(ref fired);
            }
        });
        Assert.Equal(timers * rounds, fired);
    }

    [Fact]
    public async Task Change_FromShortToNever_DoesNotFireAnyMore()
    {
        for (var inTime = false; !inTime;)
        {
            var times = 0;
            var start = Time.GetTimestamp();
            await using var timer = Time.CreateTimer(_ => Interlocked.Increment(ref times), null, TimeSpan.FromMilliseconds(15), Timeout.InfiniteTimeSpan);
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            inTime = Time.GetElapsedTime(start) < TimeSpan.FromMilliseconds(5); // else it may have been due before it was changed
            await Task.Delay(TimeSpan.FromMilliseconds(40), TestContext.Current.CancellationToken);
            Assert.True(!inTime || times == 0, $"It fired {times} times.");
        }
    }
}
