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
    public void Logs_AreEnvelopesThatProtobufReads(int payload, int tags)
    {
        var template = EnvelopeTemplate.OfLogs(Run, payload, tags);
        using var message = MessageBuffer.Rent(0);
        for (var i = 0; i < 3; i++)
        {
            template.Append(message, bare: false, new Trace(Run, 70_000 + i, i, 5, Clock.Now));
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
    public void Defaults_MakeAbout300Bytes() => Assert.InRange(EnvelopeTemplate.OfLogs(Run, 150, 6).EnvelopeLength, 295, 305);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public void Gauges_HaveWholeNumbersThatGrow(int values)
    {
        var template = EnvelopeTemplate.OfGauges(Run, values, tags: 6);
        using var message = MessageBuffer.Rent(0);
        for (ulong n = 1; n <= 3; n++)
        {
            template.Append(message, bare: false, new Trace(Run, 7, 0, n, (long)n << 60));
        }

        var batch = EnvelopeBatch.Parser.ParseFrom(message.Span).Batch;
        Assert.Equal([1L << 60, 2L << 60, 3L << 60], batch.Select(envelope => envelope.Timestamp));
        Assert.All(batch, envelope => Assert.Equal((SourceName.Of(7, Run), values, 6), (envelope.SourceId, envelope.Gauge.Metrics.Count, envelope.Tags.Count)));
        foreach (var name in batch[0].Gauge.Metrics.Keys)
        {
            var series = batch.Select(envelope => envelope.Gauge.Metrics[name].Value).ToList();
            Assert.All(series, value => Assert.Equal(Math.Floor(value), value));
            Assert.True(series[0] < series[1] && series[1] < series[2], name);
        }
    }

    [Fact]
    public void Mix_OfHalfGauges_AlternatesInEachSource()
    {
        var mix = new EnvelopeMix(Run, new LoadOptions { MetricsPercent = 50 });
        Assert.Equal([false, true, false, true], Enumerable.Range(0, 4).Select(n => mix.IsGauge(0, (ulong)n)));
        Assert.Equal([true, false, true, false], Enumerable.Range(0, 4).Select(n => mix.IsGauge(1, (ulong)n)));
        Assert.Equal(30, Enumerable.Range(0, 100).Count(n => new EnvelopeMix(Run, new LoadOptions { MetricsPercent = 30 }).IsGauge(3, (ulong)n)));
        Assert.DoesNotContain(Enumerable.Range(0, 100), n => new EnvelopeMix(Run, new LoadOptions()).IsGauge(3, (ulong)n));
    }

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
