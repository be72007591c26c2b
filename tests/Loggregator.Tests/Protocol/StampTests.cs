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
        var first = Next(table, "s"u8, "0"u8, EnvelopeType.Log);
        Assert.Equal(1UL, first.Sequence);
        Assert.Equal((first.Epoch, 2UL), Next(table, "s"u8, "0"u8, EnvelopeType.Log));
        Assert.Equal(1UL, Next(table, "s"u8, "0"u8, EnvelopeType.Counter).Sequence);
        Assert.Equal(1UL, Next(table, "s"u8, "1"u8, EnvelopeType.Log).Sequence);
        Assert.Equal(1UL, Next(table, "t"u8, "0"u8, EnvelopeType.Log).Sequence);
        Assert.Equal((first.Epoch, 3UL), Next(table, "s"u8, "0"u8, EnvelopeType.Log));
    }

    [Fact]
    public void Next_WhenFull_ForgetsTheLeastRecentlyStampedAndStartsItAnewInAnotherEpoch()
    {
        var table = new StampTable(2, seed: 42);
        var kept = Next(table, "kept"u8, default, EnvelopeType.Log);
        var lost = Next(table, "lost"u8, default, EnvelopeType.Log);
        Next(table, "kept"u8, default, EnvelopeType.Log);
        Next(table, "new"u8, default, EnvelopeType.Log);
        Assert.Equal((kept.Epoch, 3UL), Next(table, "kept"u8, default, EnvelopeType.Log));
        var again = Next(table, "lost"u8, default, EnvelopeType.Log);
        Assert.Equal(1UL, again.Sequence);
        Assert.NotEqual(lost.Epoch, again.Epoch);
        Assert.Equal(2, table.Forgotten);
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void Next_OfMoreStreamsThanItRemembers_CountsOnOrStartsAnewInAnEpochNeverSeen()
    {
        const int capacity = 500;
        var table = new StampTable(capacity, seed: 7);
        var stamps = new Dictionary<int, (uint Epoch, ulong Sequence)>();
        var epochs = new HashSet<uint>();
        var random = new Random(1);
        for (var step = 0; step < 50_000; step++)
        {
            var stream = random.Next(700);
            var stamp = Next(table, BitConverter.GetBytes(stream));
            if (stamps.TryGetValue(stream, out var known) && known.Epoch == stamp.Epoch)
            {
                Assert.Equal(known.Sequence + 1, stamp.Sequence);
            }
            else
            {
                Assert.Equal(1UL, stamp.Sequence);
                Assert.True(epochs.Add(stamp.Epoch));
            }

            Assert.Equal((stamp.Epoch, stamp.Sequence + 1), Next(table, BitConverter.GetBytes(stream))); // what was just used is not forgotten
            stamps[stream] = (stamp.Epoch, stamp.Sequence + 1);
        }

        Assert.Equal(capacity, table.Count);
        Assert.Equal(epochs.Count - capacity, table.Forgotten);
    }

    [Fact]
    public void Next_OfAsManyStreamsAsItRemembers_ForgetsNone()
    {
        var table = new StampTable(5_000, seed: 3);
        for (var round = 1UL; round <= 3; round++)
        {
            for (var stream = 0; stream < 5_000; stream++)
            {
                Assert.Equal(round, Next(table, BitConverter.GetBytes(stream)).Sequence);
            }
        }

        Assert.Equal(0, table.Forgotten);
    }

    private static (uint Epoch, ulong Sequence) Next(
        StampTable table, ReadOnlySpan<byte> source, ReadOnlySpan<byte> instance = default, EnvelopeType type = EnvelopeType.Log) =>
        table.Next(table.KeyOf(source, instance, type));

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
