using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class StampTests
{
    [Theory]
    [InlineData(0u, 1UL)]
    [InlineData(uint.MaxValue, ulong.MaxValue)]
    public void Write_BehindAnEnvelope_IsReadAndSurvivesAsUnknownField(uint epoch, ulong sequence)
    {
        var envelope = new Envelope { SourceId = "s", Log = new Log() };
        var stamped = Stamped(envelope.ToByteArray(), epoch, sequence);
        AssertStamp(stamped, epoch, sequence);
        AssertStamp(Envelope.Parser.ParseFrom(stamped).ToByteArray(), epoch, sequence);
    }

    [Fact]
    public void TryRead_OfAnEnvelopeStampedTwice_TakesTheLast() => AssertStamp(Stamped(Stamped([], 1, 7), 2, 9), 2, 9);

    [Theory]
    [InlineData("")]
    [InlineData("CA3E00")] // empty
    [InlineData("CA3E021000")] // number 0
    [InlineData("CA3E0110")] // cut inside
    public void TryRead_WithoutAUsableStamp_IsFalse(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        Assert.True(RawEnvelope.TryRead(bytes, out var header));
        Assert.False(Stamp.TryRead(bytes, header, out _, out _));
    }

    [Fact]
    public void Next_CountsPerSourceInstanceAndType()
    {
        var table = new StampTable(10, seed: 42);
        var first = table.Next("s"u8, "0"u8, EnvelopeType.Log);
        Assert.Equal(1UL, first.Sequence);
        Assert.Equal((first.Epoch, 2UL), table.Next("s"u8, "0"u8, EnvelopeType.Log));
        Assert.Equal(1UL, table.Next("s"u8, "0"u8, EnvelopeType.Counter).Sequence);
        Assert.Equal(1UL, table.Next("s"u8, "1"u8, EnvelopeType.Log).Sequence);
        Assert.Equal(1UL, table.Next("t"u8, "0"u8, EnvelopeType.Log).Sequence);
        Assert.Equal((first.Epoch, 3UL), table.Next("s"u8, "0"u8, EnvelopeType.Log));
    }

    [Fact]
    public void Next_WhenFull_ForgetsTheLeastRecentlyStampedAndStartsItAnewInAnotherEpoch()
    {
        var table = new StampTable(2, seed: 42);
        var kept = table.Next("kept"u8, default, EnvelopeType.Log);
        var lost = table.Next("lost"u8, default, EnvelopeType.Log);
        table.Next("kept"u8, default, EnvelopeType.Log);
        table.Next("new"u8, default, EnvelopeType.Log);
        Assert.Equal((kept.Epoch, 3UL), table.Next("kept"u8, default, EnvelopeType.Log));
        var again = table.Next("lost"u8, default, EnvelopeType.Log);
        Assert.Equal(1UL, again.Sequence);
        Assert.NotEqual(lost.Epoch, again.Epoch);
        Assert.Equal(2, table.Forgotten);
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void Next_AgainstAModel_AgreesOverManyStreams()
    {
        var table = new StampTable(50, seed: 7);
        var model = new Dictionary<int, (uint Epoch, ulong Sequence, int Used)>();
        var random = new Random(1);
        for (var step = 0; step < 20_000; step++)
        {
            var stream = random.Next(70);
            var stamp = table.Next(BitConverter.GetBytes(stream), default, EnvelopeType.Log);
            if (model.TryGetValue(stream, out var known))
            {
                Assert.Equal((known.Epoch, known.Sequence + 1), stamp);
            }
            else
            {
                Assert.Equal(1UL, stamp.Sequence);
                if (model.Count == 50)
                {
                    model.Remove(model.MinBy(entry => entry.Value.Used).Key);
                }
            }

            model[stream] = (stamp.Epoch, stamp.Sequence, step);
        }
    }

    private static byte[] Stamped(byte[] envelope, uint epoch, ulong sequence)
    {
        var stamp = new byte[Stamp.MaxLength];
        return [.. envelope, .. stamp.AsSpan(0, Stamp.Write(stamp, epoch, sequence))];
    }

    private static void AssertStamp(byte[] bytes, uint epoch, ulong sequence)
    {
        Assert.True(RawEnvelope.TryRead(bytes, out var header));
        Assert.True(Stamp.TryRead(bytes, header, out var readEpoch, out var readSequence));
        Assert.Equal((epoch, sequence), (readEpoch, readSequence));
    }
}
