using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class LogSnapshotTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8, true)]
    [InlineData(9, true)]
    public void Log_SavedAndLoaded_HoldsTheSameAndKnowsTheSameOfItsSources(int seed, bool packing = false)
    {
        var log = Filled(seed);
        Assert.Equal(packing, packing && log.Pack() > 0);
        Assert.True(log.Log.Evicted > 0 && log.Log.Segments.LastKept is not null, "the log never overflowed");
        var saved = Save(log.Log);

        var loaded = new LogFixture(1 << 20);
        var held = loaded.Log.Load(new MemoryStream(saved));

        Assert.Equal(Rows(log.Log), Rows(loaded.Log));
        Assert.Equal((held, 0), (loaded.Log.Loaded, loaded.Log.Appended));
        Assert.Equal(Describe(log.Log), Describe(loaded.Log));
        foreach (var kind in Enum.GetValues<EnvelopeClass>())
        {
            var (before, after) = (log.Log.Usage(kind), loaded.Log.Usage(kind));
            Assert.Equal((before.HeldEnvelopes, before.HeldBytes), (after.HeldEnvelopes, after.HeldBytes));
            Assert.Equal(after.Envelopes, after.HeldEnvelopes + after.EvictedEnvelopes);
            Assert.True(before.Horizon > TimeSpan.FromSeconds(100), $"{kind} is complete for {before.Horizon} only");
            Assert.InRange((after.Horizon - before.Horizon).TotalSeconds, -30, 30); // saved for each segment
        }
    }

    [Fact]
    public void Log_ThatWentOnAfterItWasLoaded_EvictsAndNumbersAsEver()
    {
        var log = Filled(4);
        var loaded = new LogFixture(1 << 20);
        var held = loaded.Log.Load(new MemoryStream(Save(log.Log)));
        loaded.AppendNumbered("next", 0, 20_000, size: 100);

        Assert.Equal(20_000, loaded.Log.Appended);
        Assert.Equal(20_000 + held, Rows(loaded.Log).Count + loaded.Log.Evicted);
        Assert.Equal("19999", Text(Rows(loaded.Log)[^1]).Trim());
        Assert.True(loaded.Log.Used <= loaded.Log.Budget);
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(20_000)]
    [InlineData(1000)]
    [InlineData(0)]
    public void Snapshot_ThatMayNotBeAsLargeAsTheLog_HasTheNewest(int maxBytes)
    {
        var log = Filled(5);
        var saved = Save(log.Log, maxBytes);
        Assert.True(saved.Length <= Math.Max(maxBytes, 64), $"{saved.Length} bytes were written");

        var loaded = new LogFixture(1 << 20);
        loaded.Log.Load(new MemoryStream(saved));
        var rows = Rows(loaded.Log);
        Assert.Equal(Rows(log.Log).TakeLast(rows.Count), rows);
        Assert.True(maxBytes < 20_000 || rows.Count > 10, $"of {maxBytes} bytes {rows.Count} rows were saved");
        Assert.All(new LogSources(loaded.Log).List(_ => true), source => Assert.Equal(source.Envelopes, source.HeldEnvelopes + source.Evicted));
        using var consumer = loaded.Consumer();
        var opened = consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(AnyLog), Start = SubscriptionStart.Last, Last = 100_000, Credit = 1 });
        Assert.True(opened.AgedOut);
    }

    [Fact]
    public void Log_ThatNeverOverflowed_IsCompleteOnceMore()
    {
        var log = new LogFixture();
        log.AddLog("a", "1").AddCounter("a", "2").Append();
        var loaded = new LogFixture();
        loaded.Log.Load(new MemoryStream(Save(log.Log)));
        using var consumer = loaded.Consumer();

        var opened = consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(AnyLog, AnyCounter), Start = SubscriptionStart.Last, Last = 10, Credit = 1000 });

        Assert.False(opened.AgedOut);
        Assert.Equal(["1", "2"], new RecordingFrame().ReadAll(consumer).Of(1));
    }

    [Fact]
    public void EmptyLog_SavedAndLoaded_IsEmpty()
    {
        var loaded = new LogFixture();
        Assert.Equal(0, loaded.Log.Load(new MemoryStream(Save(new LogFixture().Log))));
        loaded.AddLog("a", "1").Append();
        Assert.Equal(1, loaded.Log.Appended);
    }

    [Fact]
    public void Original_OfAnEnvelopeThatCameAsV1_IsSavedBesideIt()
    {
        var log = new LogFixture();
        log.AppendWithOriginal("app", "text", "the bytes that it came as"u8);
        var loaded = new LogFixture();
        loaded.Log.Load(new MemoryStream(Save(log.Log)));

        var segment = Assert.Single(loaded.Log.Segments.List()).Segment;
        Assert.Equal("the bytes that it came as"u8.ToArray(), segment.Original(0).ToArray());
        Assert.True(RawEnvelope.TryRead(segment.Envelope(0), out var header));
        Assert.Equal("text", Encoding.UTF8.GetString(EnvelopeReader.LogPayload(segment.Envelope(0), header)));
    }

    [Fact]
    public void Snapshot_CutAnywhere_IsRefusedAndLeavesTheLogEmpty()
    {
        var saved = Save(Filled(6).Log, 30_000);
        for (var length = 0; length < saved.Length; length += length < 200 ? 1 : 97)
        {
            var loaded = new LogFixture();
            Assert.Throws<LogSnapshotException>(() => loaded.Log.Load(new MemoryStream(saved, 0, length)));
            Assert.Empty(Rows(loaded.Log));
            Assert.Equal((0, 0), (loaded.Log.HeldSources, loaded.Log.Appended));
        }
    }

    [Fact]
    public void Snapshot_WithAnyByteChanged_IsRefusedOrLoadedButNeverWorse()
    {
        var saved = Save(Filled(7).Log, 20_000);
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var changed = (byte[])saved.Clone();
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            var loaded = new LogFixture();
            try
            {
                loaded.Log.Load(new MemoryStream(changed));
            }
            catch (LogSnapshotException)
            {
                Assert.Empty(Rows(loaded.Log));
            }

            loaded.AppendNumbered("a", 0, 3);
            using var consumer = loaded.Consumer();
            consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(LogsOf("a")), Start = SubscriptionStart.Last, Last = 3, Credit = 1000 });
            Assert.Equal(["0", "1", "2"], new RecordingFrame().ReadAll(consumer).Of(1));
        }
    }

    [Fact]
    public void Log_ThatHasGotSomething_LoadsNothing()
    {
        var log = new LogFixture();
        log.AddLog("a", "1").Append();
        Assert.Throws<InvalidOperationException>(() => log.Log.Load(new MemoryStream()));
    }

    private static LogFixture Filled(int seed)
    {
        var random = new Random(seed);
        var log = new LogFixture(1 << 20);
        for (var number = 0; number < 12_000; number++)
        {
            var source = "s" + (random.Next(3) == 0 ? random.Next(40) : random.Next(3)).ToString(CultureInfo.InvariantCulture);
            var text = number.ToString(CultureInfo.InvariantCulture);
            if (random.Next(3) == 0)
            {
                log.AddCounter(source, text.PadRight(random.Next(300)));
            }
            else
            {
                log.AddLog(source, text, random.NextInt64(-5, long.MaxValue), random.Next(300));
            }

            if (random.Next(10) == 0)
            {
                log.Append();
                log.Time.Advance(TimeSpan.FromSeconds(random.Next(3)));
            }
        }

        log.Append();
        return log;
    }

    private static byte[] Save(EnvelopeLog log, long maxBytes = long.MaxValue)
    {
        var stream = new MemoryStream();
        log.Save(stream, maxBytes);
        return stream.ToArray();
    }

    private static List<(byte Kind, string Record)> Rows(EnvelopeLog log)
    {
        var rows = new List<(byte, string)>();
        foreach (var (segment, _) in log.Segments.List())
        {
            for (var row = 0; row < segment.Count; row++)
            {
                if (segment.Kinds[row] != RowKind.Dead)
                {
                    rows.Add((segment.Kinds[row], Convert.ToHexString(segment.Record(row))));
                }
            }
        }

        return rows;
    }

    private static string Text((byte Kind, string Record) row)
    {
        var records = new RecordReader(Convert.FromHexString(row.Record));
        Assert.True(records.MoveNext());
        Assert.True(RawEnvelope.TryRead(records.Current, out var header));
        return Encoding.UTF8.GetString(EnvelopeReader.LogPayload(records.Current, header));
    }

    private static List<string> Describe(EnvelopeLog log) => [.. new LogSources(log).List(_ => true)
        .Where(source => source.HeldEnvelopes > 0)
        .Select(source => $"{Encoding.UTF8.GetString(source.SourceId)} {source.Envelopes} {source.Bytes} {source.Logs} {source.Metrics} {source.OldestTimestamp} "
            + $"{source.NewestTimestamp} {source.Lost} {source.ByType[1]} {source.ByType[2]}")
        .Order(StringComparer.Ordinal)];
}
