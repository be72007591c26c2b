using System.Buffers;
using System.Text;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class GapRecordTests
{
    private const long At = 1_700_000_000_000_000_000; // 22:13:20 UTC
    private readonly ArrayBufferWriter<byte> _writer = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_IsACounterThatReadsBack(bool upperBound)
    {
        GapRecord.Write(_writer, "app"u8, "3"u8, 17, "doppler"u8, "evicted"u8, At, upperBound);
        var envelope = Envelope.Parser.ParseFrom(_writer.WrittenSpan);
        var expected = new Envelope
        {
            Timestamp = At,
            SourceId = "app",
            InstanceId = "3",
            Counter = new Counter { Name = "dropped", Delta = 17 },
            Tags = { ["hop"] = "doppler", ["reason"] = "evicted" },
        };
        if (upperBound)
        {
            expected.Tags["bound"] = "upper";
        }

        Assert.Equal(expected, envelope);
        Assert.True(RawEnvelope.TryRead(_writer.WrittenSpan, out var header));
        Assert.True(GapRecord.TryRead(_writer.WrittenSpan, header, out var gap));
        Assert.Equal(17UL, gap.Count);
        Assert.Equal(upperBound, gap.UpperBound);
        Assert.True(gap.SourceId.SequenceEqual("app"u8));
        Assert.True(gap.InstanceId.SequenceEqual("3"u8));
        Assert.True(gap.Hop.SequenceEqual("doppler"u8));
        Assert.True(gap.Reason.SequenceEqual("evicted"u8));
        Assert.Equal(At, gap.Timestamp);
    }

    [Fact]
    public void TryRead_OfAnotherCounter_IsFalse()
    {
        EnvelopeWriter.Counter(_writer, At, "app"u8, "3"u8, "dropped"u8, 1);
        Assert.True(RawEnvelope.TryRead(_writer.WrittenSpan, out var header));
        Assert.False(GapRecord.TryRead(_writer.WrittenSpan, header, out _));
    }

    [Fact]
    public void RenameProducerTags_OfAProducersLookalike_LeavesNoGapRecordAndEverythingElse()
    {
        var envelope = new Envelope
        {
            SourceId = "app",
            Counter = new Counter { Name = "dropped", Delta = 5 },
            Tags = { ["hop"] = "mine", ["other"] = "x", ["reason"] = "why" },
            DeprecatedTags = { ["reason"] = new Value { Integer = 3 }, ["d"] = new Value { Decimal = 0.5 } },
        };
        GapRecord.RenameProducerTags(_writer, envelope.ToByteArray());
        envelope.Tags.Clear();
        envelope.Tags.Add(new Dictionary<string, string> { ["producer_hop"] = "mine", ["other"] = "x", ["producer_reason"] = "why" });
        envelope.DeprecatedTags.Remove("reason");
        envelope.DeprecatedTags["producer_reason"] = new Value { Integer = 3 };
        Assert.Equal(envelope, Envelope.Parser.ParseFrom(_writer.WrittenSpan));
        Assert.True(RawEnvelope.TryRead(_writer.WrittenSpan, out var header));
        Assert.False(header.Flags.HasFlag(EnvelopeFlags.GapRecord));
    }

    [Fact]
    public void TryRead_OfALookalikeInDeprecatedTags_IsFlaggedToo()
    {
        var envelope = new Envelope
        {
            Counter = new Counter { Name = "dropped" },
            Tags = { ["hop"] = "x" },
            DeprecatedTags = { ["reason"] = new Value { Text = "y" } },
        };
        Assert.True(RawEnvelope.TryRead(envelope.ToByteArray(), out var header));
        Assert.True(header.Flags.HasFlag(EnvelopeFlags.GapRecord));
    }

    [Theory]
    [InlineData(1204UL, false, At - 1_881_000_000, "── 1,204 envelopes lost at doppler: evicted, 22:13:18.119–22:13:20.000 UTC")]
    [InlineData(1UL, false, 0L, "── 1 envelope lost at doppler: evicted, 22:13:20.000 UTC")]
    [InlineData(2UL, true, 0L, "── up to 2 envelopes lost at doppler: evicted, 22:13:20.000 UTC")]
    public void WriteLogLine_SaysHowManyWhereWhyAndWhen(ulong count, bool upperBound, long first, string line)
    {
        var gap = new GapFields
        {
            SourceId = "app"u8,
            InstanceId = "3"u8,
            Count = count,
            Hop = "doppler"u8,
            Reason = "evicted"u8,
            Timestamp = At,
            UpperBound = upperBound,
        };
        GapRecord.WriteLogLine(_writer, gap, first);
        Assert.Equal(
            new Envelope
            {
                Timestamp = At,
                SourceId = "app",
                InstanceId = "3",
                Tags = { ["source_type"] = "LGR" },
                Log = new Log { Payload = ByteString.CopyFromUtf8(line), Type = Log.Types.Type.Err },
            },
            Envelope.Parser.ParseFrom(_writer.WrittenSpan));
    }

    [Fact]
    public void WriteLogLine_OfOverlongWords_StaysWithinItsRoom()
    {
        var word = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("日", 40)));
        var gap = new GapFields { Count = ulong.MaxValue, Hop = word, Reason = word, Timestamp = long.MaxValue, UpperBound = true };
        GapRecord.WriteLogLine(_writer, gap, long.MinValue);
        Assert.EndsWith(" UTC", Envelope.Parser.ParseFrom(_writer.WrittenSpan).Log.Payload.ToStringUtf8(), StringComparison.Ordinal);
    }
}
