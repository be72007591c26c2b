using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Protocol;

public sealed class RecordTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_384)]
    [InlineData(3_000_000)]
    public void Append_OfAnyLength_IsAnEnvelopeBatch(int length)
    {
        var envelope = length == 0 ? [] : new Envelope { Log = new Log { Payload = ByteString.CopyFrom(new byte[length - 5]) } }.ToByteArray();
        var writer = new ArrayBufferWriter<byte>();
        Records.Append(writer, envelope);
        Assert.Equal(Records.HeaderLength(envelope.Length) + envelope.Length, writer.WrittenCount);
        Assert.Equal(envelope, Assert.Single(EnvelopeBatch.Parser.ParseFrom(writer.WrittenSpan).Batch).ToByteArray());
        var header = new ArrayBufferWriter<byte>();
        Records.WriteHeader(header, envelope.Length);
        Assert.True(writer.WrittenSpan.StartsWith(header.WrittenSpan));
    }

    [Fact]
    public void MoveNext_OverAnyBatch_YieldsTheEnvelopesAndTheirRecords() =>
        EnvelopeGen.Merged.Array[0, 5].Sample(
            envelopes =>
            {
                var message = new ArrayBufferWriter<byte>();
                foreach (var envelope in envelopes)
                {
                    Records.Append(message, envelope);
                    message.Write<byte>([0x10, 0x05, 0x9A, 0x01, 0x02, 0xFF, 0xFF]); // other fields between, as in our own messages
                }

                var reader = new RecordReader(message.WrittenSpan);
                foreach (var envelope in envelopes)
                {
                    Assert.True(reader.MoveNext());
                    Assert.True(reader.Current.SequenceEqual(envelope));
                    var record = message.WrittenSpan.Slice(reader.RecordOffset, reader.RecordLength);
                    Assert.Single(EnvelopeBatch.Parser.ParseFrom(record).Batch);
                }

                Assert.False(reader.MoveNext());
                Assert.False(reader.MoveNext());
                Assert.False(reader.Malformed);
            },
            seed: "0000Kz1Bd8Q9",
            iter: 400);

    [Theory]
    [InlineData("0A0141 0A05", 1)]
    [InlineData("0A0141 0A", 1)]
    [InlineData("0A0141 00", 1)]
    [InlineData("0A0141 1C", 1)]
    [InlineData("0AFFFFFFFFFFFFFFFFFF01", 0)]
    [InlineData("0A8080808010", 0)]
    public void MoveNext_OverAMalformedMessage_StopsAndSaysSo(string hex, int before)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var reader = new RecordReader(bytes);
        for (var i = 0; i < before; i++)
        {
            Assert.True(reader.MoveNext());
        }

        Assert.False(reader.MoveNext());
        Assert.True(reader.Malformed);
        Assert.False(reader.MoveNext());
    }
}
