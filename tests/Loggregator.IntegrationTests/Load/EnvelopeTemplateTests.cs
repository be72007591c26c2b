using Loggregator.Load;
using Loggregator.Load.Wire;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Load;

public sealed class EnvelopeTemplateTests
{
    private const uint Run = 99;

    [Theory]
    [InlineData(Trace.Length, 0)]
    [InlineData(150, 6)]
    [InlineData(5000, 9)]
    public void Patch_MakesEnvelopesThatProtobufReads(int payload, int tags)
    {
        var template = new EnvelopeTemplate(Run, payload, tags);
        using var message = MessageBuffer.Rent(0);
        template.Fill(message, 3, bare: false);
        for (var i = 0; i < 3; i++)
        {
            template.Patch(message.Writable, i, bare: false, new Trace(Run, 70_000 + i, i, 5, Clock.Now));
        }

        var batch = EnvelopeBatch.Parser.ParseFrom(message.Span);
        Assert.Equal(3, batch.Batch.Count);
        for (var i = 0; i < 3; i++)
        {
            var envelope = batch.Batch[i];
            Assert.True(Trace.TryRead(envelope.Log.Payload.Span, out var trace));
            Assert.Equal(new Trace(Run, 70_000 + i, i, 5, envelope.Timestamp), trace);
            Assert.Equal(SourceName.Of(70_000 + i, Run), envelope.SourceId);
            Assert.Equal(payload, envelope.Log.Payload.Length);
            Assert.Equal(tags, envelope.Tags.Count);
            Assert.Equal(template.EnvelopeLength, envelope.CalculateSize());
        }
    }

    [Fact]
    public void Defaults_MakeAbout300Bytes() => Assert.InRange(new EnvelopeTemplate(Run, 150, 6).EnvelopeLength, 295, 305);

    [Fact]
    public void Trace_WithOneBitChanged_IsRefused()
    {
        var bytes = new byte[Trace.Length];
        new Trace(Run, 1, 2, 3, Clock.Now).Write(bytes);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Trace.TryRead(bytes, out _));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }
}
