using Loggregator.Client.Consume;
using Xunit;

namespace Loggregator.Tests.Client;

public sealed class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromSeconds(10);

    [Fact]
    public void Pauses_GrowToTheLongest_WithJitter()
    {
        var backoff = new Backoff(First, Longest);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var whole = Math.Min(0.1 * Math.Pow(2, attempt), 10);
            Assert.InRange(backoff.Next().TotalSeconds, whole / 2, whole);
        }
    }

    [Fact]
    public void Success_ThatDoesNotLast_ChangesNothing()
    {
        var backoff = new Backoff(First, Longest);
        for (var attempt = 0; attempt < 10; attempt++)
        {
            backoff.Next();
            backoff.ResetAfter(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(backoff.Next(), Longest / 2, Longest);
    }

    [Fact]
    public void Success_ThatLasts_BeginsAnew()
    {
        var backoff = new Backoff(First, Longest);
        for (var attempt = 0; attempt < 10; attempt++)
        {
            backoff.Next();
        }

        backoff.ResetAfter(Longest);
        Assert.InRange(backoff.Next(), First / 2, First);
    }
}
