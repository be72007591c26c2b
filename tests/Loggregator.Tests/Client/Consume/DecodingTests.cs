using System.Buffers;
using CsCheck;
using Google.Protobuf;
using Loggregator.Client;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Json;
using Loggregator.Tests.Protocol;
using Xunit;

namespace Loggregator.Tests.Client.Consume;

/// <summary>An envelope is the same however it came.</summary>
public sealed class DecodingTests
{
    [Fact]
    public void AnyEnvelope_OverJsonAndOverProtobuf_IsTheSame() => EnvelopeGen.Envelopes.Sample(envelope =>
    {
        var records = new ArrayBufferWriter<byte>();
        Records.Append(records, envelope.ToByteArray());
        var json = new ArrayBufferWriter<byte>();
        EnvelopeJson.WriteBatch(json, records.WrittenSpan);
        var fromJson = Assert.IsAssignableFrom<Envelope>(Assert.Single(StreamJson.Batch(json.WrittenMemory)));
        var fromProtobuf = Assert.IsAssignableFrom<Envelope>(Assert.Single(ProtobufEnvelopes.Read(records.WrittenMemory)));
        Assert.Equal(Describe(fromProtobuf), Describe(fromJson));
        Assert.Equal((envelope.SourceId, envelope.InstanceId, envelope.Timestamp), (fromJson.SourceId, fromJson.InstanceId, fromJson.UnixNanoseconds));
    });

    [Fact]
    public void Garbage_InABatch_IsANoticeAndTheRestIsRead()
    {
        var records = new ArrayBufferWriter<byte>();
        Records.Append(records, [0xFF, 0xFF]);
        Records.Append(records, new global::Loggregator.Protocol.V2.Envelope { SourceId = "app" }.ToByteArray());
        records.Write<byte>([0x0A, 0x7F]);
        var items = ProtobufEnvelopes.Read(records.WrittenMemory);
        Assert.Equal(["undecodable", "app", "undecodable"], items.Select(item => item is StreamNotice notice ? notice.Kind : ((Envelope)item).SourceId));
    }

    [Fact]
    public void Times_AreReadToAHundredNanoseconds()
    {
        var timer = new TimerEnvelope { UnixNanoseconds = 1_000_000_099, StartNanoseconds = long.MinValue, StopNanoseconds = long.MaxValue };
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(1), timer.Timestamp);
        Assert.True(timer.Elapsed > TimeSpan.FromDays(365 * 500));
    }

    private static string Describe(Envelope envelope)
    {
        var tags = string.Join(',', envelope.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));
        return $"{envelope.GetType().Name} {envelope.UnixNanoseconds} {envelope.SourceId} {envelope.InstanceId} {tags} " + envelope switch
        {
            LogEnvelope log => $"{Convert.ToHexString(log.Payload.Span)} {log.IsError}",
            CounterEnvelope counter => $"{counter.Name} {counter.Delta} {counter.Total}",
            GaugeEnvelope gauge => string.Join(',', gauge.Readings.OrderBy(reading => reading.Name, StringComparer.Ordinal)),
            TimerEnvelope timer => $"{timer.Name} {timer.StartNanoseconds} {timer.StopNanoseconds}",
            EventEnvelope happened => $"{happened.Title} {happened.Body}",
            _ => "",
        };
    }
}
