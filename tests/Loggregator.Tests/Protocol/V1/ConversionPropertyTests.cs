using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.Protocol.V2;
using Xunit;
using V1Envelope = Loggregator.Protocol.Dropsonde.Envelope;

namespace Loggregator.Tests.Protocol.V1;

/// <summary>What holds for every envelope.</summary>
public sealed class ConversionPropertyTests
{
    private static readonly string[] Fields = ["origin", "deployment", "job", "index", "ip"];

    [Fact]
    public void V1_ThroughV2AndBack_IsEqual() => DropsondeGen.Full.Sample(
        envelope =>
        {
            var back = V1Envelope.Parser.ParseFrom(Assert.Single(Convert.ToV1(Convert.ToV2(envelope.ToByteArray()))));
            Assert.Equal(envelope, back);
        },
        iter: 20_000,
        print: envelope => envelope.ToString());

    [Fact]
    public void V2_ThroughV1AndBack_IsEqual() => EnvelopeGen.Envelopes.Select(AsOfV1).Where(envelope => envelope is not null).Sample(
        envelope =>
        {
            var back = Envelope.Parser.ParseFrom(Convert.ToV2(Assert.Single(Convert.ToV1(envelope!.ToByteArray()))));
            Assert.Equal(envelope, back);
        },
        iter: 20_000,
        print: envelope => envelope!.ToString());

    [Fact]
    public void V2_WhateverItHas_BecomesSoundV1() => EnvelopeGen.Merged.Sample(
        bytes =>
        {
            foreach (var converted in Convert.ToV1(bytes))
            {
                Assert.True(V1Envelope.Parser.ParseFrom(converted).IsInitialized());
            }
        },
        iter: 20_000);

    [Fact]
    public void V2_InTooLittleRoom_BecomesNothingAndLeavesNothingBehind() => EnvelopeGen.Envelopes.Sample(
        envelope =>
        {
            var bytes = envelope.ToByteArray();
            var whole = Convert.ToV1(bytes, int.MaxValue, out var fault).Sum(converted => Records.HeaderLength(converted.Length) + converted.Length);
            if (whole > 0)
            {
                Assert.Empty(Convert.ToV1(bytes, whole - 1, out fault));
                Assert.Equal(ConversionFault.TooLarge, fault);
            }
        },
        iter: 5_000);

    [Fact]
    public void V1_RepeatedAndMerged_BecomesWhatGoogleProtobufReads() => DropsondeGen.Merged.Sample(
        bytes =>
        {
            var merged = V1Envelope.Parser.ParseFrom(bytes);
            Assert.Equal(Envelope.Parser.ParseFrom(Convert.ToV2(merged.ToByteArray())), Envelope.Parser.ParseFrom(Convert.ToV2(bytes)));
        },
        iter: 10_000);

    [Fact]
    public void V1_Damaged_IsAcceptedOnlyIfGoogleProtobufDoes() => DropsondeGen.Damaged.Sample(
        bytes =>
        {
            var fault = DropsondeEnvelope.TryRead(bytes, out var header);
            if (fault != ConversionFault.None)
            {
                return;
            }

            using var target = MessageBuffer.Rent(64);
            V1ToV2.Write(target, bytes, header, DropsondeTagging.None);
            Assert.True(RawEnvelope.TryRead(target.Span, out _));
            try
            {
                Assert.True(V1Envelope.Parser.ParseFrom(bytes).IsInitialized());
            }
            catch (InvalidProtocolBufferException e)
            {
                Assert.Contains("UTF-8", e.Message, StringComparison.Ordinal); // nothing else
            }
        },
        iter: 30_000);

    [Fact]
    public void V1_WithoutAnyOfItsRequiredFields_IsRefused() => DropsondeGen.Full.Sample(
        whole =>
        {
            var payload = V1Envelope.Descriptor.FindFieldByNumber((int)whole.EventType + 3);
            foreach (var field in payload.MessageType.Fields.InDeclarationOrder().Where(field => field.IsRequired))
            {
                var lacking = whole.Clone();
                field.Accessor.Clear((IMessage)payload.Accessor.GetValue(lacking));
                Assert.Equal(ConversionFault.MissingField, DropsondeEnvelope.TryRead(lacking.ToByteArray(), out _));
            }
        },
        iter: 500);

    // What v1 can carry, with what a v2 envelope has that came from v1. Null for the others.
    private static Envelope? AsOfV1(Envelope template)
    {
        var envelope = template.Clone();
        envelope.DeprecatedTags.Clear();
        foreach (var tag in Fields.Where(tag => !envelope.Tags.ContainsKey(tag)))
        {
            envelope.Tags[tag] = tag;
        }

        envelope.Tags.Remove("source_id");
        envelope.Tags.Remove("instance_id");
        envelope.Tags.Remove("source_type");
        switch (envelope.MessageCase)
        {
            case Envelope.MessageOneofCase.Log:
                envelope.Log.Type = envelope.Log.Type == 0 ? Log.Types.Type.Out : Log.Types.Type.Err;
                envelope.Tags["source_type"] = "APP";
                envelope.Tags["__v1_type"] = "LogMessage";
                break;
            case Envelope.MessageOneofCase.Counter:
                envelope.Tags["__v1_type"] = "CounterEvent";
                break;
            case Envelope.MessageOneofCase.Timer:
                envelope.Timer.Name = "http";
                envelope.InstanceId = "-7";
                envelope.SourceId = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
                foreach (var (tag, value) in (IEnumerable<(string, string)>)[
                    ("request_id", "954f61c4-ac84-44be-9217-cdfa3117fb41"), ("peer_type", "Client"), ("method", "VERSION_CONTROL"), ("uri", "/"),
                    ("remote_address", ""), ("user_agent", "ü"), ("status_code", "-1"), ("content_length", "42"), ("routing_instance_id", "i"),
                    ("forwarded", "a\nb"), ("__v1_type", "HttpStartStop"),
                ])
                {
                    envelope.Tags[tag] = value;
                }

                break;
            case Envelope.MessageOneofCase.Gauge:
                envelope.Gauge = new Gauge();
                foreach (var name in new[] { "cpu", "memory", "disk", "memory_quota", "disk_quota" })
                {
                    envelope.Gauge.Metrics[name] = new GaugeValue { Unit = name == "cpu" ? "percentage" : "bytes", Value = name.Length };
                }

                envelope.InstanceId = "3";
                envelope.Tags["__v1_type"] = "ContainerMetric";
                break;
            default:
                return null;
        }

        // Without a source v1 names the host as one.
        envelope.SourceId = envelope.SourceId.Length == 0 ? "source" : envelope.SourceId;
        return envelope;
    }
}
