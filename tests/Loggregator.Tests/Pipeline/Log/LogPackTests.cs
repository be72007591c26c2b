using System.Globalization;
using Loggregator.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

public sealed class LogPackTests
{
    private const int Budget = 8 << 20;

    [Fact]
    public void Log_ThatIsPacked_HoldsMoreOfEachClassInItsBudget()
    {
        var plain = Fill(new LogFixture(Budget), packing: false);
        var packed = Fill(new LogFixture(Budget), packing: true);
        foreach (var kind in Enum.GetValues<EnvelopeClass>())
        {
            var (without, with) = (plain.Log.Usage(kind), packed.Log.Usage(kind));
            Assert.Equal(without.Envelopes, with.Envelopes);
            Assert.True(with.HeldEnvelopes > 2 * without.HeldEnvelopes, $"{kind}: {with.HeldEnvelopes} are held, and {without.HeldEnvelopes} without packing");
            Assert.Equal(with.Envelopes, with.HeldEnvelopes + with.EvictedEnvelopes);
            Assert.Equal(with.Bytes, with.HeldBytes + with.EvictedBytes);
        }

        Assert.True(packed.Log.Used <= Budget, $"{packed.Log.Used} bytes are used");
        Assert.InRange(packed.Log.PackedBytes, Budget / 4, Budget);
        Assert.True(packed.Log.OriginalBytes > 2 * packed.Log.PackedBytes);
        Assert.Equal((0, 0), (plain.Log.PackedBytes, plain.Log.OriginalBytes));
    }

    [Fact]
    public void ReaderAtTheHead_WhileOlderSegmentsArePacked_UnpacksNothing()
    {
        var log = new LogFixture(Budget);
        using var consumer = log.Consumer();
        consumer.Open(Request(1, AnyLog));
        var frame = new RecordingFrame();
        for (var number = 0; log.Log.Evicted == 0; number++)
        {
            log.AppendNumbered("a", number, 1, size: 500);
            log.Pack();
            frame.ReadAll(consumer);
        }

        Assert.Equal(log.Log.Appended, frame.Of(1).Count);
        Assert.True(log.Log.PackedBytes > 0, "nothing was packed");
        Assert.Equal(0, log.Codec.Unpacked);
    }

    [Fact]
    public void ReadOfOneSource_OfPackedSegments_UnpacksABlockOfEachThatHoldsItOnce()
    {
        var log = new LogFixture(Budget);
        for (var number = 0; log.Log.Used < Budget / 8 * 7; number++)
        {
            log.AppendNumbered(number % 100 == 0 ? "wanted" : "other-" + (number % 37).ToString(CultureInfo.InvariantCulture), number, 1, size: 300);
        }

        var segments = log.Pack();
        var read = TimeReadTests.ReadAll(log.Log, new TimeReadRequest { SourceId = "wanted"u8.ToArray(), Limit = 100_000 });

        Assert.Equal((log.Log.Appended + 99) / 100, read.Count);
        Assert.True(read.Count > 2 * segments, $"{read.Count} rows in {segments} segments");
        Assert.InRange(log.Codec.Unpacked, segments / 2, segments * 2); // its rows of a segment lie together, or on two sides of a cut
    }

    [Fact]
    public void LogOfNoMoreThanTheNewestQuarter_IsNotPacked()
    {
        var log = new LogFixture(Budget);
        for (var number = 0; log.Log.Used < Budget / 4; number++)
        {
            log.AppendNumbered("a", number, 1, size: 500);
        }

        Assert.Equal(0, log.Pack());
    }

    [Fact]
    public void Packer_OnItsThread_PacksWhatIsOldAndEnds()
    {
        var log = new LogFixture(Budget);
        using (new LogPacker(log.Log, log.Codec))
        {
            for (var number = 0; number < 5_000_000 && log.Log.PackedBytes == 0; number++)
            {
                log.AppendNumbered("a", number, 1, size: 500);
            }
        }

        Assert.True(log.Log.PackedBytes > 0, "nothing was packed");
    }

    private static LogFixture Fill(LogFixture log, bool packing)
    {
        var random = new Random(1);
        for (var number = 0; number < 150_000; number++)
        {
            var source = "source-" + random.Next(100).ToString(CultureInfo.InvariantCulture);
            if (number % 2 == 0)
            {
                log.AddLog(source, $"GET /api/v1/orders/{random.Next(100_000)} 200 {random.Next(500)} ms", size: 200);
            }
            else
            {
                log.AddGauge(source, "cpu", "memory", "disk", "memory_quota", "disk_quota");
            }

            if (number % 50 == 49)
            {
                log.Append();
                while (packing && log.Pack() > 0)
                {
                }
            }
        }

        return log;
    }
}
