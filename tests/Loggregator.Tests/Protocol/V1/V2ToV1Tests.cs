using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;
using Xunit;
using Log = Loggregator.Protocol.V2.Log;
using Timer = Loggregator.Protocol.V2.Timer;
using V1Envelope = Loggregator.Protocol.Dropsonde.Envelope;
using V2Envelope = Loggregator.Protocol.V2.Envelope;

namespace Loggregator.Tests.Protocol.V1;

/// <summary>Single rules of the conversion to version 1.</summary>
public sealed class V2ToV1Tests
{
    private const string AppId = "f47ac10b-58cc-4372-a567-0e02b2c3d479";

    [Fact]
    public void ContainerGauge_IsOneContainerMetric()
    {
        var metric = One(Container("some-id", "123")).ContainerMetric;
        Assert.Equal(("some-id", 123, 11.0, 13UL, 15UL, 17UL, 19UL), (
            metric.ApplicationId, metric.InstanceIndex, metric.CpuPercentage, metric.MemoryBytes, metric.DiskBytes, metric.MemoryBytesQuota, metric.DiskBytesQuota));
    }

    [Fact]
    public void ContainerGauge_WithMetricInstanceIndex_TakesThatIndex()
    {
        var gauge = Container("", "123");
        gauge.Gauge.Metrics["instance_index"] = new GaugeValue { Unit = "index", Value = 7 };
        foreach (var metric in gauge.Gauge.Metrics.Values)
        {
            metric.Value = metric.Unit == "index" ? metric.Value : 0; // 0 with a unit is a value
        }

        Assert.Equal((7, ""), (One(gauge).ContainerMetric.InstanceIndex, One(gauge).ContainerMetric.ApplicationId));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("disk_quota")]
    public void Gauge_WithoutOneOfTheFive_OrWithNothingInIt_IsNoContainers(string name)
    {
        var missing = Container("a", "1");
        missing.Gauge.Metrics.Remove(name);
        Assert.Equal(4, Convert.ToV1(missing.ToByteArray()).Count);
        var empty = Container("a", "1");
        empty.Gauge.Metrics[name] = new GaugeValue();
        Assert.Equal(5, Convert.ToV1(empty.ToByteArray()).Count);
    }

    [Fact]
    public void ContainerValues_OutOfRange_AreClamped()
    {
        var gauge = Container("a", "1");
        gauge.Gauge.Metrics["memory"].Value = -1;
        gauge.Gauge.Metrics["disk"].Value = 1e30;
        gauge.Gauge.Metrics["disk_quota"].Value = double.NaN;
        var metric = One(gauge).ContainerMetric;
        Assert.Equal((0UL, ulong.MaxValue, 0UL), (metric.MemoryBytes, metric.DiskBytes, metric.DiskBytesQuota));
    }

    [Theory]
    [InlineData(ConversionFault.NoPayload, "none")]
    [InlineData(ConversionFault.NoPayload, "gauge")]
    [InlineData(ConversionFault.NotInV1, "event")]
    [InlineData(ConversionFault.MissingField, "timer")]
    public void WhatV1DoesNotHave_IsNothing_AndSaysWhy(ConversionFault expected, string what)
    {
        var envelope = what switch
        {
            "gauge" => new V2Envelope { Gauge = new Gauge() },
            "event" => new V2Envelope { Event = new Event { Title = "t" } },
            "timer" => new V2Envelope { Timer = new Timer { Name = "http" }, Tags = { ["request_id"] = "no-uuid" } },
            _ => new V2Envelope { SourceId = "s" },
        };
        Assert.Empty(Convert.ToV1(envelope.ToByteArray(), int.MaxValue, out var fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Gauge_OfTwoMetrics_IsTwoValueMetricsWithTheSameRest()
    {
        var converted = Convert.ToV1(new V2Envelope
        {
            Timestamp = 5,
            SourceId = "s",
            InstanceId = "i",
            Gauge = new Gauge { Metrics = { ["a"] = new GaugeValue { Unit = "u", Value = 1 }, ["b"] = new GaugeValue() } },
            Tags = { ["origin"] = "o", ["own"] = "x" },
        }.ToByteArray()).ConvertAll(bytes => V1Envelope.Parser.ParseFrom(bytes));
        Assert.Equal([("a", 1.0, "u"), ("b", 0.0, "")], converted.ConvertAll(e => (e.ValueMetric.Name, e.ValueMetric.Value, e.ValueMetric.Unit)));
        Assert.All(converted, e => Assert.Equal(("o", 5L, "s", "i", "x"), (e.Origin, e.Timestamp, e.Tags["source_id"], e.Tags["instance_id"], e.Tags["own"])));
    }

    [Fact]
    public void Tags_OfAnyType_BecomeText_AndDeprecatedOnesWinInTheMap()
    {
        var envelope = new V2Envelope { SourceId = "s", Counter = new Counter { Name = "c", Delta = 1 } };
        envelope.Tags.Add("both", "preferred");
        envelope.Tags.Add("origin", "preferred");
        envelope.DeprecatedTags.Add("both", new Value { Text = "deprecated" });
        envelope.DeprecatedTags.Add("origin", new Value { Text = "deprecated" });
        envelope.DeprecatedTags.Add("integer", new Value { Integer = -7 });
        envelope.DeprecatedTags.Add("decimal", new Value { Decimal = 123 });
        envelope.DeprecatedTags.Add("unset", new Value());
        envelope.DeprecatedTags.Add("ip", new Value { Integer = 9 });
        var v1 = One(envelope);
        Assert.Equal(("preferred", "9"), (v1.Origin, v1.Ip)); // the field takes the preferred one
        Assert.Equal(
            [("both", "deprecated"), ("decimal", "123.000000"), ("integer", "-7"), ("source_id", "s")],
            v1.Tags.Select(tag => (tag.Key, tag.Value)).Order());
    }

    [Fact]
    public void Log_GetsItsTimestampAppAndInstance()
    {
        var v1 = One(new V2Envelope
        {
            Timestamp = 99,
            SourceId = "app",
            InstanceId = "3",
            Log = new Log { Payload = ByteString.CopyFromUtf8("line"), Type = Log.Types.Type.Err },
            Tags = { ["source_type"] = "APP/PROC/WEB", ["x"] = "y" },
        });
        Assert.Equal(("line", 99L, "app", "APP/PROC/WEB", "3", LogMessage.Types.MessageType.Err), (
            v1.LogMessage.Message.ToStringUtf8(), v1.LogMessage.Timestamp, v1.LogMessage.AppId, v1.LogMessage.SourceType, v1.LogMessage.SourceInstance,
            v1.LogMessage.MessageType));
        Assert.Equal(["source_id", "x"], v1.Tags.Keys.Order());
    }

    [Fact]
    public void Timer_BecomesHttp_WithNumbersFromTagsOfAnyType()
    {
        var envelope = new V2Envelope { SourceId = AppId, InstanceId = "x", Timer = new Timer { Name = "own", Start = 1, Stop = 2 } };
        envelope.Tags.Add("request_id", "b3015d69-09cd-476d-aace-ad2d824d5ab7");
        envelope.DeprecatedTags.Add("status_code", new Value { Integer = 404 });
        envelope.Tags.Add("content_length", "much");
        var http = One(envelope).HttpStartStop;
        Assert.Equal((0x6d47cd09695d01b3UL, 0xb75a4d822dadceaaUL), (http.RequestId.Low, http.RequestId.High));
        Assert.Equal((0x7243cc580bc17af4UL, 0x79d4c3b2020e67a5UL), (http.ApplicationId.Low, http.ApplicationId.High));
        Assert.Equal((404, 0L, 0, 0, 0), (http.StatusCode, http.ContentLength, http.InstanceIndex, (int)http.Method, (int)http.PeerType));
        Assert.Equal([""], http.Forwarded);
    }

    [Fact]
    public void Timer_OfNoApp_HasNoApplicationId()
    {
        var envelope = new V2Envelope { SourceId = "gorouter", Timer = new Timer() };
        envelope.Tags.Add("request_id", AppId);
        Assert.Null(One(envelope).HttpStartStop.ApplicationId);
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(0, 5)]
    public void Counter_OfDeltaOrTotalAlone_HasBothInV1(ulong delta, ulong total)
    {
        var counter = One(new V2Envelope { SourceId = "s", InstanceId = "i", Counter = new Counter { Name = "c", Delta = delta, Total = total } });
        Assert.Equal((delta, total, true), (counter.CounterEvent.Delta, counter.CounterEvent.Total, counter.CounterEvent.HasTotal));
        Assert.Equal(("s", "i"), (counter.Tags["source_id"], counter.Tags["instance_id"]));
    }

    [Fact]
    public void Index_OfNoNumber_IsZero()
    {
        Assert.Equal(0, One(Container("app", "not-a-number")).ContainerMetric.InstanceIndex);
        var timer = new V2Envelope { SourceId = AppId, InstanceId = "not-a-number", Timer = new Timer(), Tags = { ["request_id"] = AppId } };
        Assert.Equal(0, One(timer).HttpStartStop.InstanceIndex);
    }

    private static V1Envelope One(V2Envelope envelope) => V1Envelope.Parser.ParseFrom(Assert.Single(Convert.ToV1(envelope.ToByteArray())));

    private static V2Envelope Container(string source, string instance)
    {
        var gauge = new Gauge();
        foreach (var (name, value) in (IEnumerable<(string, double)>)[("cpu", 11), ("memory", 13), ("disk", 15), ("memory_quota", 17), ("disk_quota", 19)])
        {
            gauge.Metrics[name] = new GaugeValue { Unit = name == "cpu" ? "percentage" : "bytes", Value = value };
        }

        return new V2Envelope { SourceId = source, InstanceId = instance, Gauge = gauge };
    }
}
