using System.Globalization;
using Loggregator.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class LogConsumerTests
{
    private readonly LogFixture _log = new();

    [Fact]
    public void Subscriptions_ToTheSame_EachReceiveEveryMatchInOrderAndItTravelsOnce()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, AnyLog));
        consumer.Open(Request(2, AnyLog));
        _log.AddLog("a", "1").AddLog("b", "2").AddCounter("a", "c").AddLog("a", "3").Append();

        var frame = new RecordingFrame().ReadAll(consumer);

        Assert.Equal(["1", "2", "3"], frame.Of(1));
        Assert.Equal(["1", "2", "3"], frame.Of(2));
        Assert.Equal(6, _log.Counters.Matched);
    }

    [Fact]
    public void Subscription_OfOneSource_ReceivesNothingElse()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, LogsOf("a")));
        _log.AddLog("b", "no").AddLog("a", "yes").AddCounter("a", "no").AddLog("aa", "no").Append();

        Assert.Equal(["yes"], new RecordingFrame().ReadAll(consumer).Of(1));
    }

    [Fact]
    public void Envelope_ThatMatchesSeveralSelectorsOfOneSubscription_IsDeliveredAsManyTimes()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, AnyLog, LogsOf("a"), LogsOf("a")));
        consumer.Open(Request(2, AnyLog));
        _log.AddLog("a", "x").AddLog("b", "y").Append();

        var frame = new RecordingFrame().ReadAll(consumer);

        Assert.Equal(["x", "x", "x", "y"], frame.Of(1));
        Assert.Equal(["x", "y"], frame.Of(2));
    }

    [Fact]
    public void Subscriptions_ThatLagBehind_AreServedByBytes_HoweverTheirEnvelopesFitIntoFrames()
    {
        for (var i = 0; i < 200; i++)
        {
            _log.AddLog("large", "l", size: 600).AddLog("small", "s", size: 20).AddLog("middle", "m", size: 280);
            for (var more = 0; more < 20; more++)
            {
                _log.AddLog("small", "s", size: 20);
            }

            _log.Append();
        }

        using var consumer = _log.Consumer();
        string[] sources = ["large", "small", "middle"];
        for (var i = 0; i < sources.Length; i++)
        {
            consumer.Open(new SubscriptionRequest
            {
                Id = (uint)i,
                Selectors = Compile(LogsOf(sources[i])),
                Credit = long.MaxValue / 2,
                Start = SubscriptionStart.Since,
                Since = 0,
            });
        }

        var frame = new RecordingFrame(maxBytes: 1000);
        for (var i = 0; i < 90; i++)
        {
            Assert.True(frame.ReadOne(consumer));
        }

        long[] bytes = [.. sources.Select((_, id) => frame.Of((uint)id).Sum(text => (long)text.Length + 20))]; // with about 20 of header
        Assert.All(bytes, each => Assert.InRange(each, bytes.Average() * 0.8, bytes.Average() * 1.2));
    }

    [Fact]
    public void Subscriptions_HundredThousandOfTwentyThousandSources_OnlyThoseThatMatchAreWokenAndServed()
    {
        const int Consumers = 100, Each = 1000, Sources = 20_000;
        var log = new LogFixture(budget: 64 << 20, maxSources: Sources);
        var consumers = Enumerable.Range(0, Consumers).Select(_ => log.Consumer()).ToList();
        for (var i = 0; i < Consumers * Each; i++)
        {
            consumers[i / Each].Open(Request((uint)(i % Each) + 1, LogsOf($"s{i % Sources}")));
        }

        Assert.All(consumers, consumer => Assert.Empty(new RecordingFrame().ReadAll(consumer).Received));
        Assert.All(consumers, consumer => Assert.True(consumer.Signal.WaitAsync().AsTask().IsCompleted)); // by their openings
        log.AddLog("s12345", "one").AddLog("nobody", "two").Append();

        var woken = consumers.Where(consumer => consumer.Signal.WaitAsync().AsTask().IsCompleted).ToList();
        Assert.Equal(Consumers * Each / Sources, woken.Count);
        Assert.All(woken, consumer => Assert.True(new RecordingFrame().ReadOne(consumer)));
        Assert.Equal(Consumers * Each / Sources, log.Counters.Matched);
        consumers.ForEach(consumer => consumer.Dispose());
    }

    [Fact]
    public void Subscription_Closed_ReceivesNothingMoreAndOthersGoOn()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, AnyLog));
        consumer.Open(Request(2, AnyLog));
        _log.AppendNumbered("a", 0, 2);
        var frame = new RecordingFrame().ReadAll(consumer);
        Assert.True(consumer.Close(1));
        Assert.False(consumer.Close(1));
        _log.AppendNumbered("a", 2, 2);
        frame.ReadAll(consumer);

        Assert.Equal(["0", "1"], frame.Of(1));
        Assert.Equal(["0", "1", "2", "3"], frame.Of(2));
    }

    [Fact]
    public void Subscription_WithoutCredit_LeavesTheOthersAndGoesOnWhereItStopped()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, AnyLog));
        consumer.Open(Request(2, credit: 200, AnyLog));
        var frame = new RecordingFrame();
        for (var i = 0; i < 10; i++)
        {
            _log.AppendNumbered("a", i * 10, 10, size: 50);
            frame.ReadAll(consumer);
        }

        Assert.Equal(100, frame.Of(1).Count);
        Assert.InRange(frame.Of(2).Count, 1, 10);
        consumer.Grant(2, 1_000_000);
        frame.ReadAll(consumer);
        _log.AppendNumbered("a", 100, 10);
        frame.ReadAll(consumer);

        Assert.Equal(Enumerable.Range(0, 110), frame.Of(1).Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
        Assert.Equal(frame.Of(1), frame.Of(2));
        Assert.Equal(_log.Log.Head, frame.NextPosition[2]);
    }

    [Fact]
    public void Frames_AreNotLargerThanTheirLimitUnlessOneEnvelopeIs()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, AnyLog));
        _log.AppendNumbered("a", 0, 50, size: 100);
        _log.AddLog("a", "large", size: 5000).Append();
        _log.AppendNumbered("a", 50, 50, size: 100);

        var frame = new RecordingFrame(maxBytes: 1000).ReadAll(consumer);

        Assert.Equal(101, frame.Of(1).Count);
        Assert.Single(frame.FrameBytes, bytes => bytes > 1000);
    }

    [Fact]
    public void Start_LastN_ReadsThemThenGoesOnLive()
    {
        _log.AppendNumbered("a", 0, 100);
        _log.AppendNumbered("b", 0, 100);
        using var consumer = _log.Consumer();
        var opened = consumer.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(LogsOf("a")),
            Start = SubscriptionStart.Last,
            Last = 3,
            Credit = 1 << 20,
        });
        _log.AppendNumbered("a", 100, 2);

        Assert.Equal(["97", "98", "99", "100", "101"], new RecordingFrame().ReadAll(consumer).Of(1));
        Assert.Equal(98, opened.FirstPosition);
        Assert.Equal(201, opened.LivePosition);
        Assert.False(opened.AgedOut);
    }

    [Fact]
    public void Start_LastN_WhenThereAreFewer_ReadsAll()
    {
        _log.AppendNumbered("a", 0, 3);
        using var consumer = _log.Consumer();
        var opened = consumer.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(AnyLog),
            Start = SubscriptionStart.Last,
            Last = 10,
            Credit = 1 << 20,
        });

        Assert.Equal(["0", "1", "2"], new RecordingFrame().ReadAll(consumer).Of(1));
        Assert.False(opened.AgedOut);
    }

    [Fact]
    public void Start_Since_LeavesOutOlderHistoryButNothingLive()
    {
        _log.AddLog("a", "old", timestamp: 10).AddLog("a", "new", timestamp: 20).AddLog("a", "late", timestamp: 15).Append();
        using var consumer = _log.Consumer();
        consumer.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(AnyLog),
            Start = SubscriptionStart.Since,
            Since = 20,
            Credit = 1 << 20,
        });
        _log.AddLog("a", "live", timestamp: 5).Append();

        Assert.Equal(["new", "live"], new RecordingFrame().ReadAll(consumer).Of(1));
    }

    [Fact]
    public void Start_After_ContinuesWhereAnotherStopped()
    {
        using var first = _log.Consumer();
        first.Open(Request(1, AnyLog));
        _log.AppendNumbered("a", 0, 10);
        var frame = new RecordingFrame().ReadAll(first);
        first.Close(1);
        _log.AppendNumbered("a", 10, 10);
        using var second = _log.Consumer();
        second.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(AnyLog),
            Start = SubscriptionStart.After,
            After = frame.NextPosition[1],
            Credit = 1 << 20,
        });
        frame.ReadAll(second);

        Assert.Equal(Enumerable.Range(0, 20), frame.Of(1).Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Read_Bounded_EndsAtTheHeadOfItsOpening()
    {
        _log.AddLog("a", "1", timestamp: 1).AddLog("a", "2", timestamp: 2).AddLog("a", "3", timestamp: 3).Append();
        using var consumer = _log.Consumer();
        consumer.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(AnyLog),
            Start = SubscriptionStart.Since,
            Since = 2,
            ReadBefore = 3,
            Credit = 1 << 20,
        });
        _log.AddLog("a", "more", timestamp: 2).Append();

        Assert.Equal(["2"], new RecordingFrame().ReadAll(consumer).Of(1));
        Assert.True(consumer.IsFinished(1));
    }

    [Fact]
    public void Gaps_AskedFor_ComeWithLogsAndOnceOnly()
    {
        using var consumer = _log.Consumer();
        consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(LogsOf("a"), LogsOf("a")), Gaps = true, Credit = 1 << 20 });
        consumer.Open(new SubscriptionRequest { Id = 2, Selectors = Compile(AnyLog, AnyCounter), Gaps = true, Credit = 1 << 20 });
        consumer.Open(Request(3, AnyLog));
        _log.AddGap("a", 5).AddGap("b", 7).AddCounter("a", "dropped").Append();

        var frame = new RecordingFrame().ReadAll(consumer);

        Assert.Equal(["dropped"], frame.Of(1));
        Assert.Equal(["dropped", "dropped", "dropped"], frame.Of(2));
        Assert.Empty(frame.Of(3));
    }

    [Fact]
    public void Envelope_LargerThanASubscriptionTakes_IsToldToItAndReachesTheOthers()
    {
        using var consumer = _log.Consumer();
        consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(AnyLog), MaxEnvelopeBytes = 1000, Credit = 1 << 30 });
        consumer.Open(Request(2, AnyLog));
        _log.AddLog("a", "1").AddLog("a", "large", size: 2000).AddLog("a", "3").Append();

        var frame = new RecordingFrame().ReadAll(consumer);

        Assert.Equal(["1", "3"], frame.Of(1));
        Assert.Equal(3, frame.Of(2).Count);
        Assert.Equal(1, frame.LostBy(1, "a"));
        Assert.Equal(1, _log.Counters.TooLarge);
    }

    [Fact]
    public void Selectors_Changed_ApplyFromWhereTheSubscriptionStands()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, LogsOf("a")));
        _log.AddLog("a", "1").AddLog("b", "no").Append();
        var frame = new RecordingFrame().ReadAll(consumer);
        consumer.Open(Request(1, LogsOf("b")));
        _log.AddLog("a", "no").AddLog("b", "2").Append();
        frame.ReadAll(consumer);

        Assert.Equal(["1", "2"], frame.Of(1));
    }

    [Fact]
    public async Task Append_OfAnotherSource_DoesNotWakeTheConsumer()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, LogsOf("a")));
        Assert.True(consumer.Signal.WaitAsync().AsTask().IsCompleted); // opening wakes
        _log.AddLog("b", "x").Append();
        var waiting = consumer.Signal.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        _log.AddLog("a", "x").Append();
        await waiting.WaitAsync(TestContext.Current.CancellationToken);
    }
}
