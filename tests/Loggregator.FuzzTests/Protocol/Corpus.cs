using Google.Protobuf;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Timer = Loggregator.Protocol.V2.Timer;

namespace Loggregator.FuzzTests.Protocol;

/// <summary>Well-formed messages to start from.</summary>
internal static class Corpus
{
    public static byte[][] Envelopes() =>
    [
        [],
        Log(0).ToByteArray(),
        Log(6).ToByteArray(),
        Log(30).ToByteArray(),
        new Envelope { SourceId = "größe", InstanceId = "日本語", Tags = { ["ключ"] = "значение", [""] = "" } }.ToByteArray(),
        new Envelope { Counter = new Counter { Name = "dropped", Delta = 5, Total = 7 }, Tags = { ["hop"] = "agent", ["reason"] = "ring_full" } }.ToByteArray(),
        new Envelope { Gauge = new Gauge { Metrics = { ["cpu"] = new GaugeValue { Unit = "%", Value = 1e-9 }, ["ü"] = new GaugeValue() } } }.ToByteArray(),
        new Envelope { Timer = new Timer { Name = "http", Start = 1, Stop = long.MaxValue } }.ToByteArray(),
        new Envelope { Event = new Event { Title = "t\"\\\n", Body = "b" } }.ToByteArray(),
        new Envelope
        {
            Timestamp = -1,
            DeprecatedTags = { ["a"] = new Value { Text = "ß" }, ["b"] = new Value { Integer = -5 }, ["c"] = new Value { Decimal = 0.1 }, ["d"] = new Value() },
            Tags = { ["a"] = "x" },
        }.ToByteArray(),
        Stamped(),
        [0x9B, 0x01, 0xA3, 0x01, 0x08, 0x01, 0xA4, 0x01, 0x0D, 1, 2, 3, 4, 0x9C, 0x01], // nested unknown groups
    ];

    public static byte[][] Frames()
    {
        var frame = new AttachFrame
        {
            Batch = { Log(0), Log(2), new Envelope() },
            Runs = { new Run { Count = 2, Subscriptions = { 1, 300 }, NextPosition = 1L << 40 }, new Run { Count = 1, Subscriptions = { 7 } } },
            Gaps = { new Gap { Subscription = 1, SourceId = "s", Count = 9, Hop = "doppler", Reason = "evicted" } },
        };
        return
        [
            frame.ToByteArray(),
            new AttachFrame { Hello = new DopplerHello { DopplerId = "d" }, Leaving = true, Closed = { 1, 2 } }.ToByteArray(),
            new IngestBatch { N = 300, Resent = true, Batch = { Log(3) }, Hello = new IngestHello { AgentId = "a", Epoch = 9 } }.ToByteArray(),
        ];
    }

    private static Envelope Log(int tags)
    {
        var envelope = new Envelope { Timestamp = 1_700_000_000_000_000_000, SourceId = "f47ac10b-58cc-4372-a567-0e02b2c3d479", InstanceId = "3" };
        for (var i = 0; i < tags; i++)
        {
            envelope.Tags.Add($"tag-{i}", new string('v', i * 3));
        }

        envelope.Log = new Log { Payload = ByteString.CopyFromUtf8("hello"), Type = Loggregator.Protocol.V2.Log.Types.Type.Err };
        return envelope;
    }

    private static byte[] Stamped()
    {
        var stamp = new byte[Stamp.MaxLength];
        return [.. Log(1).ToByteArray(), .. stamp.AsSpan(0, Stamp.Write(stamp, 7, 1UL << 60))];
    }
}
