using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.V1;
using Xunit;
using Log = Loggregator.Protocol.V2.Log;
using V1Envelope = Loggregator.Protocol.Dropsonde.Envelope;
using V2Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Tests.Protocol.V1;

/// <summary>Single rules of the conversion to version 2.</summary>
public sealed class V1ToV2Tests
{
    [Fact]
    public void Error_IsALogWithTags()
    {
        var v2 = V2(new V1Envelope
        {
            Origin = "o",
            EventType = V1Envelope.Types.EventType.Error,
            Deployment = "dep",
            Job = "job",
            Error = new Error { Source = "s", Code = 12345, Message = "boom" },
        });
        Assert.Equal(("dep/job", "boom", Log.Types.Type.Out), (v2.SourceId, v2.Log.Payload.ToStringUtf8(), v2.Log.Type));
        Assert.Equal(("s", "12345", "Error"), (v2.Tags["source"], v2.Tags["code"], v2.Tags["__v1_type"]));
    }

    [Fact]
    public void MetricTags_NameSourceAndInstance_AndACountersAreTakenOut()
    {
        var counter = new V1Envelope
        {
            Origin = "o",
            EventType = V1Envelope.Types.EventType.CounterEvent,
            CounterEvent = new CounterEvent { Name = "c", Delta = 1 },
            Tags = { ["source_id"] = "s", ["instance_id"] = "i", ["__v1_type"] = "forged" },
        };
        var v2 = V2(counter);
        Assert.Equal(("s", "i", "CounterEvent"), (v2.SourceId, v2.InstanceId, v2.Tags["__v1_type"]));
        Assert.False(v2.Tags.ContainsKey("source_id") || v2.Tags.ContainsKey("instance_id"));
        counter.EventType = V1Envelope.Types.EventType.ValueMetric;
        counter.ValueMetric = new ValueMetric { Name = "v", Value = 1, Unit = "u" };
        Assert.Equal(("i", "i"), (V2(counter).InstanceId, V2(counter).Tags["instance_id"]));
    }

    [Theory]
    [InlineData("log")]
    [InlineData("container")]
    [InlineData("http")]
    [InlineData("value")]
    [InlineData("counter")]
    public void Source_ThatNoAppAndNoTagNames_IsDeploymentAndJob(string what) => Assert.Equal("dep/job", V2(what switch
    {
        "log" => Bare(V1Envelope.Types.EventType.LogMessage, e => e.LogMessage = new LogMessage
        {
            Message = ByteString.Empty,
            MessageType = LogMessage.Types.MessageType.Out,
            Timestamp = 1,
        }),
        "container" => Bare(V1Envelope.Types.EventType.ContainerMetric, e => e.ContainerMetric = OfContainer("")),
        "http" => Bare(V1Envelope.Types.EventType.HttpStartStop, e => e.HttpStartStop = new HttpStartStop
        {
            StartTimestamp = 1,
            StopTimestamp = 2,
            RequestId = new UUID { Low = 1, High = 1 },
            PeerType = PeerType.Client,
            Method = Method.Get,
            Uri = "",
            RemoteAddress = "",
            UserAgent = "",
            StatusCode = 0,
            ContentLength = 0,
        }),
        "value" => Bare(V1Envelope.Types.EventType.ValueMetric, e => e.ValueMetric = new ValueMetric { Name = "v", Value = 1, Unit = "" }),
        _ => Bare(V1Envelope.Types.EventType.CounterEvent, e => e.CounterEvent = new CounterEvent { Name = "c", Delta = 1 }),
    }).SourceId);

    [Fact]
    public void ContainerMetric_IsAGaugeOfFiveWithTheirUnits_AlsoWhereAQuotaIsAbsent()
    {
        var v1 = Bare(V1Envelope.Types.EventType.ContainerMetric, e => e.ContainerMetric = OfContainer("app"));
        v1.Tags.Add("own", "x");
        var v2 = V2(v1);
        Assert.Equal(("app", "3", "ContainerMetric", "x"), (v2.SourceId, v2.InstanceId, v2.Tags["__v1_type"], v2.Tags["own"]));
        Assert.Empty(v2.DeprecatedTags);
        Assert.Equal(
            [("cpu", 1.5, "percentage"), ("disk", 3, "bytes"), ("disk_quota", 0, "bytes"), ("memory", 2, "bytes"), ("memory_quota", 0, "bytes")],
            v2.Gauge.Metrics.Select(metric => (metric.Key, metric.Value.Value, metric.Value.Unit)).Order());
    }

    [Fact]
    public void LogMessage_HasItsEnvelopesTimestampInV2()
    {
        var v2 = V2(Bare(V1Envelope.Types.EventType.LogMessage, e =>
        {
            e.Timestamp = 7;
            e.LogMessage = new LogMessage { Message = ByteString.CopyFromUtf8("x"), MessageType = LogMessage.Types.MessageType.Err, Timestamp = 99, AppId = "app", SourceInstance = "4" };
        }));
        Assert.Equal((7L, "app", "4", Log.Types.Type.Err, ""), (v2.Timestamp, v2.SourceId, v2.InstanceId, v2.Log.Type, v2.Tags["source_type"]));
    }

    [Fact]
    public void Fields_OverrideTagsOfTheirName()
    {
        var v1 = Bare(V1Envelope.Types.EventType.CounterEvent, e => e.CounterEvent = new CounterEvent { Name = "c", Delta = 1 });
        foreach (var name in new[] { "origin", "deployment", "job", "index", "ip" })
        {
            v1.Tags.Add(name, "forged");
        }

        Assert.Equal(("o", "dep", "job", "", ""), (V2(v1).Tags["origin"], V2(v1).Tags["deployment"], V2(v1).Tags["job"], V2(v1).Tags["index"], V2(v1).Tags["ip"]));
    }

    [Fact]
    public void EventType_ThatDoesNotExist_KeepsItsNumberAndHasNoMessage()
    {
        var v2 = V2(new V1Envelope { Origin = "o", EventType = (V1Envelope.Types.EventType)2000 });
        Assert.Equal((V2Envelope.MessageOneofCase.None, "2000", "/"), (v2.MessageCase, v2.Tags["__v1_type"], v2.SourceId));
    }

    [Fact]
    public void HttpOfUnknownMethodAndZeroApp_KeepsTheNumberAndTakesTheTag()
    {
        var v2 = V2(new V1Envelope
        {
            Origin = "o",
            EventType = V1Envelope.Types.EventType.HttpStartStop,
            HttpStartStop = new HttpStartStop
            {
                StartTimestamp = 1,
                StopTimestamp = 2,
                RequestId = new UUID { Low = 0, High = 0 },
                PeerType = 0,
                Method = (Method)99,
                Uri = "",
                RemoteAddress = "",
                UserAgent = "",
                StatusCode = -1,
                ContentLength = -1,
                ApplicationId = new UUID { Low = 0, High = 0 },
            },
            Tags = { ["source_id"] = "tag" },
        });
        Assert.Equal(("tag", "0", "99", "0"), (v2.SourceId, v2.InstanceId, v2.Tags["method"], v2.Tags["peer_type"]));
        Assert.Equal(("00000000-0000-0000-0000-000000000000", "-1", ""), (v2.Tags["request_id"], v2.Tags["content_length"], v2.Tags["forwarded"]));
    }

    [Fact]
    public void Text_ThatIsNoUtf8_IsRepairedWhereverItStands()
    {
        var bytes = new V1Envelope
        {
            Origin = "?",
            EventType = V1Envelope.Types.EventType.CounterEvent,
            Job = "?",
            CounterEvent = new CounterEvent { Name = "?", Delta = 1 },
            Tags = { ["?"] = "?", ["source_id"] = "?" },
        }.ToByteArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = bytes[i] == (byte)'?' ? (byte)0xFF : bytes[i];
        }

        var v2 = V2Envelope.Parser.ParseFrom(Convert.ToV2(bytes));
        Assert.Equal(("\uFFFD", "\uFFFD", "\uFFFD", "\uFFFD"), (v2.SourceId, v2.Counter.Name, v2.Tags["origin"], v2.Tags["\uFFFD"]));
    }

    [Fact]
    public void HostTags_StandInForAbsentFieldsAlone()
    {
        var tagging = new DropsondeTagging(new Dictionary<string, string> { ["deployment"] = "d", ["job"] = "j", ["index"] = "1" }, originIsSource: true);
        var envelope = new V1Envelope
        {
            Origin = "o",
            EventType = V1Envelope.Types.EventType.CounterEvent,
            Job = "",
            CounterEvent = new CounterEvent { Name = "c", Delta = 1 },
            Tags = { ["source_id"] = "" },
        };
        var v2 = V2Envelope.Parser.ParseFrom(Convert.ToV2(envelope.ToByteArray(), tagging));
        Assert.Equal(("o", "d", "", "1", ""), (v2.SourceId, v2.Tags["deployment"], v2.Tags["job"], v2.Tags["index"], v2.Tags["ip"]));
    }

    private static V2Envelope V2(V1Envelope envelope) => V2Envelope.Parser.ParseFrom(Convert.ToV2(envelope.ToByteArray()));

    private static V1Envelope Bare(V1Envelope.Types.EventType type, Action<V1Envelope> fill)
    {
        var envelope = new V1Envelope { Origin = "o", EventType = type, Deployment = "dep", Job = "job" };
        fill(envelope);
        return envelope;
    }

    private static ContainerMetric OfContainer(string app) =>
        new() { ApplicationId = app, InstanceIndex = 3, CpuPercentage = 1.5, MemoryBytes = 2, DiskBytes = 3 };
}
