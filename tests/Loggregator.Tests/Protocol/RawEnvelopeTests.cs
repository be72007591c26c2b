using System.Text;
using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class RawEnvelopeTests
{
    [Fact]
    public void TryRead_OfAnyEnvelope_YieldsWhatGoogleProtobufYields() =>
        EnvelopeGen.Merged.Sample(
            bytes =>
            {
                Assert.True(RawEnvelope.TryRead(bytes, out var header));
                AssertEqual(Envelope.Parser.ParseFrom(bytes), bytes, header);
                Assert.True(RawEnvelope.TryReadHeader(bytes, out var again));
                Assert.Equal(header, again);
            },
            seed: "0000Kz1Bd8Q3",
            iter: 3_000);

    [Fact]
    public void TryRead_OfDamagedBytes_AcceptsWhatAStrictReaderAccepts() =>
        EnvelopeGen.Damaged.Sample(
            bytes =>
            {
                var accepted = RawEnvelope.TryRead(bytes, out var header);
                Assert.True(StrictOracle.Accepts(bytes) == accepted, $"{Convert.ToHexString(bytes)}: {(accepted ? "accepted" : "refused")}");
                if (accepted)
                {
                    AssertEqual(Envelope.Parser.ParseFrom(bytes), bytes, header);
                }
            },
            seed: "0000Kz1Bd8Q4",
            iter: 6_000);

    [Theory]
    [InlineData("", true)]
    [InlineData("2200", true)] // a log without anything
    [InlineData("00", false)] // field number 0
    [InlineData("08", false)] // no value
    [InlineData("0880808080808080808001", true)] // 64 bits
    [InlineData("0880808080808080808002", false)] // a 65th
    [InlineData("088080808080808080808001", false)] // eleven bytes
    [InlineData("12024142", true)]
    [InlineData("120341", false)] // past the end
    [InlineData("1202C328", false)] // no UTF-8
    [InlineData("1203EDA080", false)] // a lone surrogate
    [InlineData("2205 0A03 FF00C0", true)] // a log's payload is bytes
    [InlineData("2A05 0A03 FF00C0", false)] // a counter's name is not
    [InlineData("4A06 0A0141 1201FF", false)]
    [InlineData("4A03 0A0142", true)] // key without value
    [InlineData("4A00", true)] // neither
    [InlineData("4A04 0A0142 12", false)] // cut inside the entry
    [InlineData("1A08 0A0141 1203 0A01FF", false)] // text of a deprecated tag
    [InlineData("1001", true)] // known number, other wire type: an unknown field
    [InlineData("9B01 0801 9C01", true)] // a balanced group
    [InlineData("9B01 0801", false)] // open
    [InlineData("9B01 A401", false)] // closed by another
    [InlineData("0C", false)] // an end alone
    [InlineData("0E", false)] // wire type 6
    [InlineData("8880808010 00", false)] // a tag of more than 32 bits
    [InlineData("CA3E05 0D01000000", true)]
    public void TryRead_OfHandMadeBytes_Decides(string hex, bool valid)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(valid, StrictOracle.Accepts(bytes));
        Assert.Equal(valid, RawEnvelope.TryRead(bytes, out _));
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void TryRead_OfNestedGroups_HoldsTheDepthLimit(int depth, bool valid)
    {
        var bytes = Enumerable.Repeat((byte)0x7B, depth).Concat(Enumerable.Repeat((byte)0x7C, depth)).ToArray();
        Assert.Equal(valid, RawEnvelope.TryRead(bytes, out _));
        Assert.Equal(valid, StrictOracle.Accepts(bytes));
    }

    [Theory]
    [InlineData(99, true)]
    [InlineData(100, false)]
    public void TryRead_OfGroupsInAPayload_CountsThePayloadAsDepth(int depth, bool valid)
    {
        byte[] group = [.. Enumerable.Repeat((byte)0x7B, depth), .. Enumerable.Repeat((byte)0x7C, depth)];
        byte[] bytes = [0x22, (byte)((group.Length & 0x7F) | 0x80), (byte)(group.Length >> 7), .. group];
        Assert.Equal(valid, RawEnvelope.TryRead(bytes, out _));
        Assert.Equal(valid, StrictOracle.Accepts(bytes));
    }

    [Fact]
    public void TryRead_OfACounterNamedDroppedWithHopAndReason_SetsGapRecord()
    {
        var gap = new Envelope { Counter = new Counter { Name = "dropped", Delta = 3 }, Tags = { ["hop"] = "agent", ["reason"] = "ring_full" } };
        Assert.True(Read(gap).HasFlag(EnvelopeFlags.GapRecord));
        gap.Tags.Remove("hop");
        Assert.False(Read(gap).HasFlag(EnvelopeFlags.GapRecord));
        gap.Tags["hop"] = "agent";
        gap.Counter.Name = "drops";
        Assert.False(Read(gap).HasFlag(EnvelopeFlags.GapRecord));
    }

    [Fact]
    public void TryRead_OfAnyTypeOfPayload_ReadsAtNoMoreThanItsLength() =>
        EnvelopeGen.Damaged.Sample(
            bytes =>
            {
                for (var length = 0; length < bytes.Length; length += 7)
                {
                    _ = RawEnvelope.TryRead(bytes.AsSpan(0, length), out _);
                    _ = RawEnvelope.TryReadHeader(bytes.AsSpan(0, length), out _);
                }
            },
            seed: "0000Kz1Bd8Q5",
            iter: 300);

    private static EnvelopeFlags Read(Envelope envelope)
    {
        Assert.True(RawEnvelope.TryRead(envelope.ToByteArray(), out var header));
        return header.Flags;
    }

    private static bool Has(Envelope envelope, string tag) => envelope.Tags.ContainsKey(tag) || envelope.DeprecatedTags.ContainsKey(tag);

    private static void AssertEqual(Envelope expected, byte[] bytes, in EnvelopeHeader header)
    {
        Assert.Equal(expected.Timestamp, header.Timestamp);
        Assert.Equal(expected.SourceId, Encoding.UTF8.GetString(header.SourceId.Of(bytes)));
        Assert.Equal(expected.InstanceId, Encoding.UTF8.GetString(header.InstanceId.Of(bytes)));
        Assert.Equal(expected.Tags.Count > 0, header.Flags.HasFlag(EnvelopeFlags.Tags));
        Assert.Equal(expected.DeprecatedTags.Count > 0, header.Flags.HasFlag(EnvelopeFlags.DeprecatedTags));
        Assert.Equal(expected.MessageCase == Envelope.MessageOneofCase.Log && expected.Log.Type == Log.Types.Type.Err, header.Flags.HasFlag(EnvelopeFlags.Error));
        Assert.Equal(
            expected.MessageCase switch
            {
                Envelope.MessageOneofCase.Log => EnvelopeType.Log,
                Envelope.MessageOneofCase.Counter => EnvelopeType.Counter,
                Envelope.MessageOneofCase.Gauge => EnvelopeType.Gauge,
                Envelope.MessageOneofCase.Timer => EnvelopeType.Timer,
                Envelope.MessageOneofCase.Event => EnvelopeType.Event,
                _ => EnvelopeType.None,
            },
            header.Type);
        Assert.Equal(
            expected.MessageCase == Envelope.MessageOneofCase.Counter
                && expected.Counter.Name == "dropped" && Has(expected, "hop") && Has(expected, "reason"),
            header.Flags.HasFlag(EnvelopeFlags.GapRecord));
        if (expected.MessageCase == Envelope.MessageOneofCase.Counter)
        {
            var counter = EnvelopeReader.Counter(bytes, header);
            Assert.Equal(expected.Counter.Name, Encoding.UTF8.GetString(counter.Name));
            Assert.Equal(expected.Counter.Delta, counter.Delta);
            Assert.Equal(expected.Counter.Total, counter.Total);
        }
        else if (expected.MessageCase == Envelope.MessageOneofCase.Log)
        {
            Assert.True(expected.Log.Payload.Span.SequenceEqual(EnvelopeReader.LogPayload(bytes, header)));
        }

        foreach (var (key, value) in expected.Tags)
        {
            Assert.True(EnvelopeReader.TryGetTag(bytes, Encoding.UTF8.GetBytes(key), out var found));
            Assert.Equal(value, Encoding.UTF8.GetString(found));
        }
    }
}
