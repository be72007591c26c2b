using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class LogFaultTests
{
    [Theory]
    [InlineData(1 << 20)]
    [InlineData(4 << 20)]
    [InlineData(64 << 20)]
    public void EnvelopesOfAMebibyte_AmongSmallOnes_AreHeldOrToldAndTheBudgetHolds(int budget)
    {
        var log = new LogFixture(budget);
        using var consumer = log.Consumer();
        consumer.Open(Request(1, credit: 0, AnyLog));
        for (var round = 0; round < 100; round++)
        {
            log.AppendNumbered("small", round * 50, 50, size: 200);
            log.AddLog("large", round.ToString(CultureInfo.InvariantCulture), size: 1 << 20).Append();
            Assert.True(log.Log.Used <= Math.Max(budget, 3 << 20), $"{log.Log.Used} bytes are used of {budget}");
        }

        log.AddLog("last", "last").Append();
        consumer.Grant(1, long.MaxValue / 2);
        var frame = new RecordingFrame().ReadAll(consumer);
        Assert.Equal("last", frame.Of(1)[^1]);
        Assert.Equal(5101, frame.Of(1).Count + frame.LostBy(1));
        Assert.True(frame.LostBy(1, "large") > 0, "the log never overflowed");
    }

    [Fact]
    public void AMillionSourcesOfOneEnvelope_AreBoundedAndTheRestIsToldTogether()
    {
        const int Sources = 1_000_000, Indexed = 100_000;
        var log = new LogFixture(64 << 20, maxSources: Indexed);
        log.AddLog("steady", "first").AddCounter("steady", "count").Append();
        for (var source = 0; source < Sources; source++)
        {
            log.AddLog("invented-" + source.ToString(CultureInfo.InvariantCulture), "x", size: 200);
            if (source % 100 == 0)
            {
                log.Append();
            }
        }

        log.Append();
        Assert.True(log.Log.Used <= log.Log.Budget);
        Assert.True(log.Log.SourceTable.Entries.Count <= Indexed + 1, $"{log.Log.SourceTable.Entries.Count} sources are known");
        var listed = new LogSources(log.Log).List(_ => true);
        var other = Assert.Single(listed, source => source.IsOther);
        Assert.True(other.Envelopes > Sources / 2, $"{other.Envelopes} are told together");
        Assert.Equal(Sources + 2, listed.Sum(source => source.Envelopes));
        Assert.Equal(Sources + 2, listed.Sum(source => source.HeldEnvelopes + source.Evicted));
        var steady = listed.Single(source => Encoding.UTF8.GetString(source.SourceId) == "steady");
        Assert.Equal((1, 1), (steady.Logs.HeldEnvelopes, steady.Metrics.HeldEnvelopes));
    }

    [Fact]
    public void Timestamps_OfAnyKindAndOrder_AreHeldAsTheyCame()
    {
        long[] timestamps = [5, 5, long.MaxValue, 0, -1, long.MinValue, 1_795_415_220_000_000_000, 4, long.MaxValue, 5];
        var log = new LogFixture();
        for (var i = 0; i < timestamps.Length; i++)
        {
            log.AddLog("a", i.ToString(CultureInfo.InvariantCulture), timestamps[i]);
        }

        log.Append();
        using var consumer = log.Consumer();
        consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(LogsOf("a")), Start = SubscriptionStart.Last, Last = 100, Credit = 1 << 20 });
        consumer.Open(new SubscriptionRequest { Id = 2, Selectors = Compile(LogsOf("a")), Start = SubscriptionStart.Since, Since = 5, ReadBefore = long.MaxValue, Credit = 1 << 20 });
        var frame = new RecordingFrame().ReadAll(consumer);
        Assert.Equal(Enumerable.Range(0, 10).Select(number => number.ToString(CultureInfo.InvariantCulture)), frame.Of(1));
        Assert.Equal(["0", "1", "6", "9"], frame.Of(2));
        var source = Assert.Single(new LogSources(log.Log).List(_ => true));
        Assert.Equal(long.MaxValue, source.NewestTimestamp);
        log.AppendNumbered("b", 0, 20_000, size: 100);
        Assert.Equal(10, new LogSources(log.Log).List(id => id.AsSpan().SequenceEqual("a"u8)).Single().HeldEnvelopes);
    }

    [Fact]
    public void Budget_MadeSmaller_EvictsAndTellsAndMadeLargerGrows()
    {
        var log = new LogFixture(8 << 20);
        using var consumer = log.Consumer();
        consumer.Open(Request(1, credit: 0, LogsOf("loud")));
        consumer.Open(Request(2, credit: 0, LogsOf("quiet")));
        log.AppendNumbered("quiet", 0, 100);
        log.AppendNumbered("loud", 0, 20_000, size: 200);
        Assert.Equal(0, log.Log.Evicted);

        log.Log.SetBudget(1 << 20, 50);
        Assert.True(log.Log.Used <= 1 << 20, $"{log.Log.Used} bytes are used");
        Assert.True(log.Log.Evicted > 10_000);
        log.AppendNumbered("loud", 20_000, 10_000, size: 200);
        Assert.True(log.Log.Used <= 1 << 20, $"{log.Log.Used} bytes are used");
        var evicted = log.Log.Evicted;

        log.Log.SetBudget(16 << 20, 25);
        log.AppendNumbered("loud", 30_000, 10_000, size: 200);
        Assert.Equal(evicted, log.Log.Evicted);
        Assert.Equal((16L << 20, 25), (log.Log.Budget, log.Log.MetricPercent));

        consumer.Grant(1, long.MaxValue / 2);
        consumer.Grant(2, long.MaxValue / 2);
        var frame = new RecordingFrame().ReadAll(consumer);
        Assert.Equal(40_000, frame.Of(1).Count + frame.LostBy(1));
        Assert.Equal(evicted, frame.LostBy(1));
        Assert.Equal(100, frame.Of(2).Count);
        Assert.Equal(log.Log.Appended, log.Log.Evicted + Enum.GetValues<EnvelopeClass>().Sum(kind => log.Log.Usage(kind).HeldEnvelopes));
    }
}
