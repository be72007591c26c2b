using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Xunit;
using EventType = Loggregator.Protocol.Dropsonde.Envelope.Types.EventType;

namespace Loggregator.FuzzTests.Protocol;

public sealed class DropsondeFuzzTests
{
    private const int MaxLength = 16 * 1024;
    private static readonly DropsondeFilter[] Filters =
        [new("", DropsondeKind.Any), new("", DropsondeKind.Logs), new("system", DropsondeKind.Metrics), new("app", DropsondeKind.Any)];

    [Fact]
    public void V1_OfAMillionMutations_NeverThrowsNorReadsPastTheEnd_AndBecomesSoundV2()
    {
        using var guarded = new GuardedBytes(MaxLength);
        var mutator = new Mutator(Corpus(), seed: 11, MaxLength);
        using var target = MessageBuffer.Rent(1 << 20);
        var accepted = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            var bytes = guarded.Place(mutator.Next());
            if (DropsondeEnvelope.TryRead(bytes, out var header) != ConversionFault.None)
            {
                continue;
            }

            accepted++;
            target.Clear();
            V1ToV2.Write(target, bytes, header, DropsondeTagging.None);
            Assert.True(RawEnvelope.TryRead(target.Span, out var v2));
            foreach (var filter in Filters)
            {
                _ = filter.MatchesContent(v2, target.Span, bytes);
            }
        }

        Assert.InRange(accepted, 100_000, 900_000); // else the mutations are too mild or too wild to test anything
    }

    [Fact]
    public void V2_OfMutations_NeverThrowsNorReadsPastTheEnd_AndBecomesSoundV1()
    {
        using var guarded = new GuardedBytes(MaxLength);
        var mutator = new Mutator([.. Protocol.Corpus.Envelopes(), .. Corpus().Select(ToV2)], seed: 12, MaxLength);
        using var records = MessageBuffer.Rent(1 << 20);
        for (var i = 0; i < 1_000_000; i++)
        {
            var bytes = guarded.Place(mutator.Next());
            if (!RawEnvelope.TryRead(bytes, out var header))
            {
                continue;
            }

            records.Clear();
            var count = V2ToV1.Write(records, bytes, header, 1 << 20, out var fault);
            Assert.Equal(count == 0, fault != ConversionFault.None);
            Assert.InRange(records.Length, 0, 1 << 20);
            var reader = new RecordReader(records.Span);
            for (; reader.MoveNext(); count--)
            {
                Assert.Equal(ConversionFault.None, DropsondeEnvelope.TryRead(reader.Current, out var v1));
                Assert.Equal(ConversionFault.None, DropsondeEnvelope.IsUsable(v1));
            }

            Assert.Equal(0, count);
            foreach (var filter in Filters)
            {
                _ = filter.MatchesContent(header, bytes, default);
            }
        }
    }

    private static byte[] ToV2(byte[] envelope)
    {
        Assert.Equal(ConversionFault.None, DropsondeEnvelope.TryRead(envelope, out var header));
        using var target = MessageBuffer.Rent(1024);
        V1ToV2.Write(target, envelope, header, DropsondeTagging.None);
        return target.Span.ToArray();
    }

    private static byte[][] Corpus() =>
    [
        new Envelope
        {
            Origin = "o",
            EventType = EventType.LogMessage,
            Timestamp = -1,
            LogMessage = new LogMessage { Message = ByteString.CopyFromUtf8("hi"), MessageType = LogMessage.Types.MessageType.Err, Timestamp = 1, AppId = "app" },
            Tags = { ["source_id"] = "größe", ["x"] = "" },
        }.ToByteArray(),
        new Envelope
        {
            Origin = "o",
            EventType = EventType.HttpStartStop,
            Ip = "10.0.0.1",
            HttpStartStop = new HttpStartStop
            {
                StartTimestamp = 1, StopTimestamp = 2, RequestId = new UUID { Low = 1, High = ulong.MaxValue }, PeerType = PeerType.Client, Method = Method.Get,
                Uri = "http://x/?y", RemoteAddress = "r", UserAgent = "ü", StatusCode = -1, ContentLength = 9, ApplicationId = new UUID { Low = 3, High = 4 },
                InstanceIndex = -2, InstanceId = "i", Forwarded = { "a", "", "b" },
            },
        }.ToByteArray(),
        new Envelope
        {
            Origin = "o",
            EventType = EventType.ContainerMetric,
            ContainerMetric = new ContainerMetric { ApplicationId = "app", InstanceIndex = 1, CpuPercentage = 1.25, MemoryBytes = 1, DiskBytes = 2 },
            CounterEvent = new CounterEvent { Name = "c", Delta = 1 },
        }.ToByteArray(),
        new Envelope
        {
            Origin = "o",
            EventType = EventType.ValueMetric,
            ValueMetric = new ValueMetric { Name = "v", Value = double.NaN, Unit = "u" },
            Error = new Error { Source = "s", Code = -3, Message = "boom" },
            Tags = { ["instance_id"] = "7" },
        }.ToByteArray(),
    ];
}
