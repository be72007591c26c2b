using Loggregator.Nozzle.Delivery;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Nozzle.Delivery;

public sealed class BreakerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Pauses_DoubleUpToTheLongest_WithFullJitter()
    {
        var breaker = Make(random: 1);
        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30], Enumerable.Range(0, 11).Select(_ => breaker.Failed(null).TotalSeconds).Select(s => Math.Round(s, 3)));
        Assert.Equal(TimeSpan.Zero, Make(random: 0).Failed(null));
    }

    [Fact]
    public void Success_StartsAnew()
    {
        var breaker = Make(random: 1);
        breaker.Failed(null);
        breaker.Failed(null);
        breaker.Succeeded();
        Assert.Equal(0.1, breaker.Failed(null).TotalSeconds, 0.001);
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(0.5, 90)]
    [InlineData(1, 120)]
    public void Open_ItProbesSeldom(double random, double seconds)
    {
        var breaker = Make(random);
        breaker.Failed(null);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(seconds, breaker.Failed(null).TotalSeconds, 0.001);
        Assert.True(breaker.IsOpen);
        breaker.Succeeded();
        Assert.False(breaker.IsOpen);
    }

    [Fact]
    public void Open_NotByTheFirstFailureAfterALongRest()
    {
        var breaker = Make(1);
        _time.Advance(TimeSpan.FromDays(1));
        breaker.Failed(null);
        Assert.False(breaker.IsOpen);
    }

    [Theory]
    [InlineData(40, 40)]
    [InlineData(100_000, 3_600)]
    [InlineData(0, 0.1)]
    [InlineData(-5, 0.1)]
    public void RetryAfter_IsHonouredUpToAnHour(double asked, double seconds) =>
        Assert.Equal(seconds, Make(1).Failed(TimeSpan.FromSeconds(asked)).TotalSeconds, 0.001);

    private Breaker Make(double random) => new(new DeliveryOptions(), _time, () => random);
}
