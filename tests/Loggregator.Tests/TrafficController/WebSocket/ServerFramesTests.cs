using System.Buffers;
using Loggregator.TrafficController.Streams.WebSocket;
using Xunit;

namespace Loggregator.Tests.TrafficController.WebSocket;

public sealed class ServerFramesTests
{
    [Theory]
    [InlineData(0, "8200")]
    [InlineData(125, "827D")]
    [InlineData(126, "827E007E")]
    [InlineData(65535, "827EFFFF")]
    [InlineData(65536, "827F0000000000010000")]
    public void Message_HasTheShortestHeaderAndItsPayloadPlain(int length, string header)
    {
        var payload = new byte[length];
        new Random(1).NextBytes(payload);
        var writer = new ArrayBufferWriter<byte>();
        ServerFrames.Write(writer, Opcode.Binary, payload);
        Assert.Equal(header, Convert.ToHexString(writer.WrittenSpan[..(writer.WrittenCount - length)]));
        Assert.Equal(payload, writer.WrittenSpan[(header.Length / 2)..].ToArray());
    }

    [Theory]
    [InlineData(CloseStatus.Normal, "", "880203E8")]
    [InlineData(CloseStatus.PolicyViolation, "no", "880403F06E6F")]
    [InlineData(CloseStatus.None, "", "8800")]
    public void Close_HasCodeAndReason(ushort status, string reason, string expected)
    {
        var writer = new ArrayBufferWriter<byte>();
        ServerFrames.WriteClose(writer, status, reason);
        Assert.Equal(expected, Convert.ToHexString(writer.WrittenSpan));
    }

    [Fact]
    public void Reasons_FitIntoTheirFrame()
    {
        foreach (var end in new[] { SessionEnd.NoPong, SessionEnd.Slow, SessionEnd.Stopping })
        {
            var writer = new ArrayBufferWriter<byte>();
            ServerFrames.WriteClose(writer, end.Status, end.Reason);
            Assert.Equal(4 + end.Reason.Length, writer.WrittenCount);
        }
    }

    [Fact]
    public void Accept_OfTheSampleOfTheStandard_IsItsAnswer() => Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Handshake.Accept("dGhlIHNhbXBsZSBub25jZQ=="));
}
