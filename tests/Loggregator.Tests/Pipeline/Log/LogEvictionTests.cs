using System.Globalization;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.V2;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class LogEvictionTests
{
    private readonly LogFixture _log = new(budget: 1 << 20);

    [Fact]
    public void QuietSources_BesideALoudOne_LoseNothingAndItsLossesAddUp()
    {
        using var consumer = _log.Consumer();
        for (uint source = 1; source <= 20; source++)
        {
            consumer.Open(Request(source, credit: 0, LogsOf("quiet-" + source)));
        }

        consumer.Open(Request(100, credit: 0, LogsOf("loud")));
        for (var round = 0; round < 40; round++)
        {
            for (uint source = 1; source <= 20; source++)
            {
                _log.AppendNumbered("quiet-" + source, round, 1, size: 100);
            }

            _log.AppendNumbered("loud", round * 2000, 2000, size: 100);
        }

        for (uint id = 1; id <= 100; id++)
        {
            consumer.Grant(id, long.MaxValue / 2);
        }

        var frame = new RecordingFrame().ReadAll(consumer);
        for (uint source = 1; source <= 20; source++)
        {
            Assert.Equal(Enumerable.Range(0, 40), frame.Of(source).Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)));
            Assert.Equal(0, frame.LostBy(source));
        }

        Assert.True(frame.LostBy(100) > 0);
        Assert.Equal(80_000, frame.Of(100).Count + frame.LostBy(100, "loud"));
        var newest = frame.Of(100).Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(Enumerable.Range(80_000 - newest.Length, newest.Length), newest);
    }

    [Fact]
    public void Log_OfManyEqualSources_KeepsTheNewestAndStaysWithinItsBudget()
    {
        for (var i = 0; i < 50_000; i++)
        {
            _log.AddLog("s" + (i % 500).ToString(CultureInfo.InvariantCulture), i.ToString(CultureInfo.InvariantCulture), size: 100).Append();
        }

        Assert.True(_log.Log.Used <= _log.Log.Budget);
        using var consumer = _log.Consumer();
        var opened = consumer.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(AnyLog),
            Start = SubscriptionStart.After,
            Credit = long.MaxValue / 2,
        });
        var held = new RecordingFrame().ReadAll(consumer).Of(1);
        Assert.True(opened.AgedOut);
        Assert.InRange(held.Count, 4000, 10_000);
        Assert.Equal("49999", held[^1].Trim());
    }

    [Fact]
    public void History_OfLogsIsWhole_WhereOnlyMetricsWereEvicted()
    {
        _log.AddLog("quiet", "line", timestamp: 5).Append();
        for (var i = 0; i < 50_000; i++)
        {
            _log.AddCounter("loud", "requests").Append();
        }

        Assert.True(_log.Log.Evicted > 0);
        using var consumer = _log.Consumer();
        Assert.False(Open(1, AnyLog, SubscriptionStart.After));
        Assert.False(Open(2, AnyLog, SubscriptionStart.Since));
        Assert.True(Open(3, AnyCounter, SubscriptionStart.After));
        Assert.True(Open(4, AnyCounter, SubscriptionStart.Since));

        bool Open(uint id, Selector selector, SubscriptionStart start) =>
            consumer.Open(new SubscriptionRequest { Id = id, Selectors = Compile(selector), Start = start, Credit = long.MaxValue / 2 }).AgedOut;
    }

    [Fact]
    public void Sources_ThatChange_GiveWayToNewOnes()
    {
        for (var generation = 0; generation < 10; generation++)
        {
            for (var i = 0; i < 20_000; i++)
            {
                var source = $"g{generation}-{i % 50}";
                _log.AddLog(source, i.ToString(CultureInfo.InvariantCulture), size: 100).Append();
            }
        }

        Assert.True(_log.Log.Used <= _log.Log.Budget + (64 * 1024), $"{_log.Log.Used} bytes are used");
        var held = new LogSources(_log.Log).List(_ => true).Where(source => source.HeldEnvelopes > 0).ToArray();
        Assert.Equal(50, held.Count(source => System.Text.Encoding.UTF8.GetString(source.SourceId).StartsWith("g9-", StringComparison.Ordinal)));
        Assert.All(held, source => Assert.True(source.Envelopes == source.HeldEnvelopes + source.Evicted));
    }

    [Fact]
    public void Source_IdleForAnHour_IsNotProtectedAnyMore()
    {
        _log.AppendNumbered("idle", 0, 10);
        _log.Time.Advance(TimeSpan.FromSeconds(3601));
        _log.AppendNumbered("busy", 0, 30_000, size: 100);

        var idle = new LogSources(_log.Log).List(_ => true).Single(source => source.SourceId.AsSpan().SequenceEqual("idle"u8));
        Assert.Equal(0, idle.HeldEnvelopes);
        Assert.Equal(10, idle.Evicted);
    }

    [Fact]
    public void Source_IdleForLess_IsProtected()
    {
        _log.AppendNumbered("idle", 0, 10);
        _log.Time.Advance(TimeSpan.FromSeconds(3500));
        _log.AppendNumbered("busy", 0, 30_000, size: 100);

        var idle = new LogSources(_log.Log).List(_ => true).Single(source => source.SourceId.AsSpan().SequenceEqual("idle"u8));
        Assert.Equal(10, idle.HeldEnvelopes);
        Assert.True(idle.OldestTimestamp == 0);
    }

    [Fact]
    public void InventedSources_BeyondTheTable_ShareOneEntryAndAreStillSelectable()
    {
        var log = new LogFixture(maxSources: 10);
        using var consumer = log.Consumer();
        consumer.Open(Request(1, LogsOf("wanted")));
        for (var i = 0; i < 1000; i++)
        {
            log.AddLog("invented-" + i.ToString(CultureInfo.InvariantCulture), "x").AddLog("wanted", i.ToString(CultureInfo.InvariantCulture)).Append();
        }

        Assert.Equal(1000, new RecordingFrame().ReadAll(consumer).Of(1).Count);
        using var late = log.Consumer();
        late.Open(new SubscriptionRequest
        {
            Id = 1,
            Selectors = Compile(LogsOf("invented-900")),
            Start = SubscriptionStart.Last,
            Last = 10,
            Credit = 1 << 20,
        });
        log.AddLog("invented-900", "y").Append();
        Assert.Equal(["x", "y"], new RecordingFrame().ReadAll(late).Of(1));
        Assert.True(log.Log.HeldSources <= 13);
    }

    [Fact]
    public void ConsumerOfAQuietSource_IsNotHeldBackByWhatItDoesNotRead()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, LogsOf("quiet")));
        _log.AddLog("quiet", "1").Append();
        var frame = new RecordingFrame().ReadAll(consumer);
        _log.AppendNumbered("loud", 0, 40_000, size: 100);
        _log.AddLog("quiet", "2").Append();

        Assert.Equal(["1", "2"], frame.ReadAll(consumer).Of(1));
        Assert.Equal(0, frame.LostBy(1));
    }
}
