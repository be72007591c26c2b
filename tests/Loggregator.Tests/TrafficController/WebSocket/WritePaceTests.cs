using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController;
using Loggregator.TrafficController.Streams.WebSocket;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.TrafficController.WebSocket;

public sealed class WritePaceTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly WritePace _pace;

    public WritePaceTests() => _pace = new WritePace(_time);

    public void Dispose() => _pace.Dispose();

    [Fact]
    public void Writes_ThatAreFew_AreNotHeld()
    {
        var stream = Stream();
        for (var i = 0; i < 1000; i++)
        {
            _pace.Wrote(stream, 300);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(TimeSpan.Zero, _pace.Beat);
        Assert.True(stream.Hold()); // it was not held
    }

    [Fact]
    public void Writes_ThatAreVeryMany_AreHeldForAtMostTheLongestBeat()
    {
        Hurry(seconds: 2);
        Assert.Equal(WritePace.LongestBeat, _pace.Beat);
    }

    [Fact]
    public async Task Stream_ThatIsHeld_WakesAtTheBeatWithAllThatHasCome()
    {
        Hurry(seconds: 1);
        var stream = Stream();
        _pace.Wrote(stream, 300);
        var woken = stream.WaitAsync().AsTask();
        stream.AddGap("a", LossReason.SlowConsumer, 1);
        stream.AddGap("b", LossReason.SlowConsumer, 1);
        Assert.False(woken.IsCompleted);
        _time.Advance(WritePace.LongestBeat);
        await woken.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(2, stream.TakeGaps().Length);
    }

    [Fact]
    public async Task Stream_ThatIsHeld_IsWokenByItsClientAllTheSame()
    {
        Hurry(seconds: 1);
        var stream = Stream();
        _pace.Wrote(stream, 300);
        var woken = stream.WaitAsync().AsTask();
        stream.Wake();
        await woken.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stream_ThatWasIdleAtTheBeat_WakesAtOnce()
    {
        Hurry(seconds: 1);
        var stream = Stream();
        _pace.Wrote(stream, 300);
        _time.Advance(WritePace.LongestBeat);
        var woken = stream.WaitAsync().AsTask();
        stream.AddGap("a", LossReason.SlowConsumer, 1);
        await woken.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Stream_ThatWritesMuchAtATime_IsNotHeld()
    {
        Hurry(seconds: 1);
        var stream = Stream();
        _pace.Wrote(stream, WritePace.WorthWhile);
        Assert.True(stream.Hold());
    }

    [Fact]
    public void Beat_FallsWhenTheHurryIsOver()
    {
        Hurry(seconds: 1);
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            _pace.Wrote(Stream(), 300);
        }

        Assert.Equal(TimeSpan.Zero, _pace.Beat);
    }

    // 100 streams that write each millisecond, if they may.
    private void Hurry(int seconds)
    {
        for (var i = 0; i < seconds * 1000; i++)
        {
            for (var n = 0; n < 100; n++)
            {
                _pace.Wrote(Stream(), 300);
            }

            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    private EnvelopeStream Stream() =>
        new(new StreamRequest { Selectors = [new Selector { Log = new LogSelector() }] }, null!, new TrafficControllerCounters(), 0, null, _time);
}
