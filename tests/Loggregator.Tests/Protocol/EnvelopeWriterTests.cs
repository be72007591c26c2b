using System.Buffers;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.V2;
using Xunit;
using Timer = Loggregator.Protocol.V2.Timer;

namespace Loggregator.Tests.Protocol;

public sealed class EnvelopeWriterTests
{
    private readonly ArrayBufferWriter<byte> _writer = new();

    [Fact]
    public void Log_WithTags_IsWhatGoogleProtobufReads()
    {
        EnvelopeWriter.Log(_writer, -1, "src"u8, "0"u8, "hällo"u8, isError: true);
        EnvelopeWriter.Tag(_writer, "k"u8, "v"u8);
        EnvelopeWriter.Tag(_writer, ""u8, ""u8);
        Expect(new Envelope
        {
            Timestamp = -1,
            SourceId = "src",
            InstanceId = "0",
            Log = new Log { Payload = ByteString.CopyFromUtf8("hällo"), Type = Log.Types.Type.Err },
            Tags = { ["k"] = "v", [""] = "" },
        });
    }

    [Fact]
    public void Log_WithoutAnything_IsALogStill()
    {
        EnvelopeWriter.Log(_writer, 0, default, default, default);
        Expect(new Envelope { Log = new Log() });
    }

    [Fact]
    public void Counter_IsWhatGoogleProtobufReads()
    {
        EnvelopeWriter.Counter(_writer, long.MaxValue, "s"u8, default, "requests"u8, ulong.MaxValue, 1);
        Expect(new Envelope { Timestamp = long.MaxValue, SourceId = "s", Counter = new Counter { Name = "requests", Delta = ulong.MaxValue, Total = 1 } });
    }

    [Fact]
    public void Gauge_IsWhatGoogleProtobufReads()
    {
        EnvelopeWriter.Gauge(_writer, 5, "s"u8, default, new GaugeMetric("cpu", 12.5, "percentage"), new GaugeMetric("größe", 0, ""));
        Expect(new Envelope
        {
            Timestamp = 5,
            SourceId = "s",
            Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Unit = "percentage", Value = 12.5 }, ["größe"] = new GaugeValue() } },
        });
    }

    [Fact]
    public void Timer_IsWhatGoogleProtobufReads()
    {
        EnvelopeWriter.Timer(_writer, 5, "s"u8, "1"u8, "http"u8, 100, 200);
        Expect(new Envelope { Timestamp = 5, SourceId = "s", InstanceId = "1", Timer = new Timer { Name = "http", Start = 100, Stop = 200 } });
    }

    [Fact]
    public void Event_IsWhatGoogleProtobufReads()
    {
        EnvelopeWriter.Event(_writer, 5, "s"u8, "1"u8, "title"u8, "body"u8);
        Expect(new Envelope { Timestamp = 5, SourceId = "s", InstanceId = "1", Event = new Event { Title = "title", Body = "body" } });
    }

    [Fact]
    public void SourceId_WrittenBehind_Overrides()
    {
        EnvelopeWriter.Log(_writer, 1, "before"u8, default, "x"u8);
        EnvelopeWriter.SourceId(_writer, "after"u8);
        Expect(new Envelope { Timestamp = 1, SourceId = "after", Log = new Log { Payload = ByteString.CopyFromUtf8("x") } });
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(127UL)]
    [InlineData(ulong.MaxValue)]
    public void AppendTotal_BehindACounter_SetsTheTotalAndNothingElse(ulong total)
    {
        EnvelopeWriter.Counter(_writer, 1, "s"u8, default, "n"u8, 3, 9);
        CounterRewriter.AppendTotal(_writer, total);
        Expect(new Envelope { Timestamp = 1, SourceId = "s", Counter = new Counter { Name = "n", Delta = 3, Total = total } });
        Assert.True(RawEnvelope.TryRead(_writer.WrittenSpan, out var header));
        Assert.Equal(total, EnvelopeReader.Counter(_writer.WrittenSpan, header).Total);
    }

    private void Expect(Envelope envelope)
    {
        Assert.Equal(envelope, Envelope.Parser.ParseFrom(_writer.WrittenSpan));
        Assert.True(RawEnvelope.TryRead(_writer.WrittenSpan, out _));
    }
}
