using Loggregator.TrafficController.Streams.WebSocket;
using Xunit;

namespace Loggregator.Tests.TrafficController.WebSocket;

public sealed class KeepAliveTests
{
    private readonly KeepAlive _keepAlive = new(now: 100, interval: 15, patience: 30);

    [Fact]
    public void Session_BeginsWithAPing()
    {
        Assert.Equal(KeepAliveStep.Ping, _keepAlive.Next(100));
        Assert.Equal(KeepAliveStep.Nothing, _keepAlive.Next(129));
    }

    [Fact]
    public void Pong_IsFollowedByAPingAfterTheInterval()
    {
        _keepAlive.Next(100);
        _keepAlive.Pong(110);
        Assert.Equal(125, _keepAlive.Due);
        Assert.Equal(KeepAliveStep.Nothing, _keepAlive.Next(124));
        Assert.Equal(KeepAliveStep.Ping, _keepAlive.Next(125));
    }

    [Fact]
    public void Ping_WithoutPongInTime_EndsTheSession()
    {
        _keepAlive.Next(100);
        Assert.Equal(KeepAliveStep.GiveUp, _keepAlive.Next(130));
    }

    [Fact]
    public void Pongs_ForAsLongAsTheyCome_KeepTheSession()
    {
        var now = 100L;
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(KeepAliveStep.Ping, _keepAlive.Next(now));
            _keepAlive.Pong(now + 29);
            now = _keepAlive.Due;
        }

        Assert.Equal(KeepAliveStep.Ping, _keepAlive.Next(now));
        Assert.Equal(KeepAliveStep.GiveUp, _keepAlive.Next(_keepAlive.Due));
    }

    [Fact]
    public void Pong_ThatNobodyAskedFor_AnswersTheNextPingAndNoOther()
    {
        _keepAlive.Pong(99);
        Assert.Equal(KeepAliveStep.Ping, _keepAlive.Next(100));
        Assert.Equal(KeepAliveStep.Ping, _keepAlive.Next(115));
        Assert.Equal(KeepAliveStep.GiveUp, _keepAlive.Next(145));
    }
}
