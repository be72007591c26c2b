using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Loggregator.Agent;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Loggregator.TrafficController;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Hostile;

public sealed class BadEnvelopeTests : ClusterTest
{
    private const int MaxMessageBytes = 10 * 1024 * 1024;
    private static readonly ClusterOptions Small = new() { Dopplers = 1, Agents = 1, TrafficControllers = 1 };

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Message_OverTenMebibytes_IsRefusedAndTheRestGoesOn(bool agent)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small);
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        var producer = cluster.Produce(agent ? cluster.Agents[0] : cluster.Dopplers[0]);
        await producer.SendAsync("app", 0, 10, cancel);

        var tooLarge = new EnvelopeBatch { Batch = { Numbered.Lines("app", 1000, 11, bytes: 1024 * 1024) } };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await producer.Client.SendAsync(tooLarge, cancellationToken: cancel));
        using var stream = producer.Client.BatchSender(cancellationToken: cancel);
        await stream.RequestStream.WriteAsync(new EnvelopeBatch { Batch = { Numbered.Lines("app", 10, 10) } }, cancel);
        await stream.RequestStream.WriteAsync(tooLarge, cancel).ContinueWith(_ => { }, TaskScheduler.Default); // the answer may come while it is written
        var broken = await Assert.ThrowsAsync<RpcException>(async () => await stream.ResponseAsync);
        await producer.SendAsync("app", 20, 10, cancel);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(StatusCode.ResourceExhausted, broken.StatusCode);
        await reader.LinesAsync(30, cancel);
        Assert.Null(reader.NotInOrder("app", 30));
    }

    [Fact(Timeout = 120_000)]
    public async Task Message_OfJustTenMebibytes_Arrives()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small);
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        var batch = new EnvelopeBatch { Batch = { Numbered.Lines("app", 0, 10, bytes: (1024 * 1024) - 64) } };
        Assert.InRange(batch.CalculateSize(), MaxMessageBytes - 1024, MaxMessageBytes);

        await cluster.Produce(cluster.Agents[0]).Client.SendAsync(batch, cancellationToken: cancel);

        await reader.LinesAsync(10, cancel);
        Assert.Null(reader.NotInOrder("app", 10));
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Envelope_WithInvalidTextInsideAGoodBatch_IsDroppedAlone(bool agent)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small);
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs());
        var tail = cluster.Read(cluster.TrafficControllers[0], "/v2/stream").Tally;
        await cluster.LiveAsync("marks", cancel, reader.Tally, tail);
        var bad = Numbered.Line("app", "0", 1000);
        bad.Tags["key"] = "SPOIL";
        var message = new EnvelopeBatch { Batch = { Numbered.Lines("app", 0, 10), bad } };
        message.Batch.Add(Numbered.Lines("app", 10, 10));
        var bytes = message.ToByteArray();
        bytes[bytes.AsSpan().IndexOf("SPOIL"u8)] = 0xFF;

        var at = agent ? cluster.Agents[0] : cluster.Dopplers[0];
        using var channel = cluster.Open(at);
        await RawProducer.SendAsync(channel, bytes, cancel);

        foreach (var tally in new[] { reader.Tally, tail })
        {
            await tally.LinesAsync(20, cancel);
            Assert.Null(tally.NotInOrder("app", 20));
        }

        Assert.Null(reader.Failure);
        var dropped = agent
            ? at.Services.GetRequiredService<AgentCounters>().Dropped(LossReason.Invalid)
            : at.Services.GetRequiredService<DopplerCounters>().Invalid;
        Assert.Equal(1, dropped);
    }

    [Fact(Timeout = 120_000)]
    public async Task Envelopes_WithoutSourceWithoutPayloadAndWithTenThousandTags_ReachTheReader()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small);
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs());
        await cluster.LiveAsync("marks", cancel, reader.Tally);
        var tagged = Numbered.Line("tagged", "0", 0);
        for (var tag = 0; tag < 10_000; tag++)
        {
            tagged.Tags[tag.ToString(CultureInfo.InvariantCulture)] = "value";
        }

        var origin = Numbered.Line("", "0", 0);
        origin.Tags["origin"] = "from-origin";
        var empty = new Envelope { SourceId = "empty", InstanceId = "empty-log", Log = new Protocol.V2.Log() };
        await cluster.Produce(cluster.Agents[0]).SendAsync([Numbered.Line("", "0", 0), origin, tagged, empty, new Envelope { SourceId = "nothing" }], cancel);

        await reader.Tally.LinesAsync(3, cancel);
        Assert.Null(reader.Tally.NotInOrder("", 1));
        Assert.Null(reader.Tally.NotInOrder("from-origin", 1));
        Assert.Null(reader.Tally.NotInOrder("tagged", 1));
        await Deadline.UntilAsync(() => reader.Tally.Heard("empty-log"), () => $"the log without payload; {reader.Tally}", cancel);
    }

    [Fact(Timeout = 120_000)]
    public async Task Envelope_OfFiveMebibytesTowardsAReaderOfFour_IsDroppedForItAndTold()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small);
        var controller = cluster.TrafficControllers[0];
        var reader = cluster.Consume(controller, GrpcConsumer.Logs());
        var tail = cluster.Read(controller, "/v2/stream");
        await cluster.LiveAsync("marks", cancel, reader.Tally, tail.Tally);

        var producer = cluster.Produce(cluster.Agents[0]);
        await producer.SendAsync("app", 0, 1, cancel);
        await producer.SendAsync([Numbered.Line("app", "0", 1, bytes: 5 * 1024 * 1024)], cancel);
        await producer.SendAsync("app", 2, 1, cancel);

        await Deadline.UntilAsync(() => reader.Tally.Lines == 2 && reader.Tally.Lost("app", "too_large") == 1, () => $"two lines and one told; {reader.Tally}", cancel);
        await tail.Tally.LinesAsync(3, cancel);
        Assert.Equal([0, 2], reader.Tally.Numbers("app"));
        Assert.Null(tail.Tally.NotInOrder("app", 3));
        Assert.Null(reader.Failure);
        Assert.Equal(1, controller.Services.GetRequiredService<TrafficControllerCounters>().DroppedTooLarge);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Message_OfNoise_IsRefusedAndTheConnectionGoesOn(bool agent)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small);
        var reader = cluster.Consume(cluster.TrafficControllers[0], GrpcConsumer.Logs()).Tally;
        await cluster.LiveAsync("marks", cancel, reader);
        using var channel = cluster.Open(agent ? cluster.Agents[0] : cluster.Dopplers[0]);
        var random = new Random(3);
        for (var i = 0; i < 50; i++)
        {
            var noise = new byte[random.Next(1, 2000)];
            random.NextBytes(noise);
            noise[0] = 0x0A;
            await Assert.ThrowsAsync<RpcException>(() => RawProducer.SendAsync(channel, [.. noise, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF], cancel));
        }

        await RawProducer.SendAsync(channel, new EnvelopeBatch { Batch = { Numbered.Lines("app", 0, 10) } }.ToByteArray(), cancel);

        await reader.LinesAsync(10, cancel);
        Assert.Null(reader.NotInOrder("app", 10));
    }
}
