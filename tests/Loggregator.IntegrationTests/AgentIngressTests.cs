using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests;

public sealed class AgentIngressTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AllThreeCalls_HalfClose_AnswerEmptyAndDeliver()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [doppler.Address]);

        Assert.Equal(new SendResponse(), await agent.Producer.SendAsync(AgentHost.Logs("send", 0, 2), cancellationToken: Cancel));
        using var batches = agent.Producer.BatchSender(cancellationToken: Cancel);
        await batches.RequestStream.WriteAsync(AgentHost.Logs("batch", 0, 3), Cancel);
        await batches.RequestStream.CompleteAsync();
        Assert.Equal(new BatchSenderResponse(), await batches);
        using var singles = agent.Producer.Sender(cancellationToken: Cancel);
        await singles.RequestStream.WriteAsync(AgentHost.Logs("single", 0, 1).Batch[0], Cancel);
        await singles.RequestStream.CompleteAsync();
        Assert.Equal(new IngressResponse(), await singles);

        await doppler.WaitForAsync(got => got.Count == 6, "six envelopes");
        Assert.Equal(["batch", "batch", "batch", "send", "send", "single"], doppler.Received.Select(g => g.Source).Order());
        await agent.UntilAsync(() => agent.Counters.Confirmed == 6, "the answers");
    }

    [Fact]
    public async Task MalformedBatch_GetsInvalidArgument_AndOtherStreamsGoOn()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [doppler.Address]);
        using var good = agent.Producer.BatchSender(cancellationToken: Cancel);
        await good.RequestStream.WriteAsync(AgentHost.Logs("good", 0, 1), Cancel);

        using var message = MessageBuffer.Rent(256);
        message.Write(AgentHost.Logs("partly", 0, 1).ToByteArray());
        message.Write([0x0a, 0x7f]);
        using var bad = agent.Channel.CreateCallInvoker().AsyncUnaryCall(RawMethods.Send, null, default, message);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await bad);

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("not an EnvelopeBatch", refused.Status.Detail, StringComparison.Ordinal);
        await good.RequestStream.WriteAsync(AgentHost.Logs("good", 1, 1), Cancel);
        await doppler.WaitForAsync(got => got.Count == 3, "both good envelopes and the readable one");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 3, "the answers");
    }

    [Fact]
    public async Task MessageOver10MiB_GetsResourceExhausted_AndTheLargestThatFitsPasses()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => (o.Dopplers, o.RingBytes) = ([doppler.Address], 64 * 1024 * 1024));
        var largest = new EnvelopeBatch { Batch = { Log(RawMethods.MaxMessageBytes - 200) } };
        var tooLarge = new EnvelopeBatch { Batch = { Log(RawMethods.MaxMessageBytes + 1) } };

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await agent.SendAsync(tooLarge));
        await agent.SendAsync(largest);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        await doppler.WaitForAsync(got => got.Count == 1, "the large envelope");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 1, "its answer");

        static Envelope Log(int length) => new() { SourceId = "s", Log = new Log { Payload = ByteString.CopyFrom(new byte[length]) } };
    }

    [Fact]
    public async Task HundredEnvelopesOfSixtyKilobytes_OneBatch_Pass()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => (o.Dopplers, o.RingBytes) = ([doppler.Address], 64 * 1024 * 1024));
        var envelope = new Envelope { SourceId = "s", Log = new Log { Payload = ByteString.CopyFrom(new byte[61_440]) } };

        await agent.SendAsync(new EnvelopeBatch { Batch = { Enumerable.Repeat(envelope, 100) } });

        await doppler.WaitForAsync(got => got.Count == 100, "100 large envelopes");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 100, "the answers");
    }

    [Fact]
    public async Task GarbageAndHalfOpenConnections_CostNobodyElseAnything()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [doppler.Address]);
        var target = IPEndPoint.Parse(agent.Address);
        using var halfOpen = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await halfOpen.ConnectAsync(target, Cancel);
        using var garbage = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await garbage.ConnectAsync(target, Cancel);
        var bytes = new byte[64 * 1024];
        new Random(1).NextBytes(bytes);
        await garbage.SendAsync(bytes, Cancel);

        await agent.SendAsync(AgentHost.Logs("s", 0, 1));

        await doppler.WaitForAsync(got => got.Count == 1, "the envelope");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 1, "its answer");
    }

    [Fact]
    public async Task Stop_OpenProducerStream_EndsWithUnavailable()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [doppler.Address]);
        using var stream = agent.Producer.BatchSender(cancellationToken: Cancel);
        await stream.RequestStream.WriteAsync(AgentHost.Logs("s", 0, 5), Cancel);
        await agent.UntilAsync(() => agent.Counters.Received == 5, "the first batch");

        await agent.StopAsync();

        var ended = await Assert.ThrowsAsync<RpcException>(async () => await stream);
        Assert.Equal(StatusCode.Unavailable, ended.StatusCode);
        Assert.Equal((5, 0), (agent.Counters.Confirmed, agent.Counters.Dropped(LossReason.Shutdown)));
        Assert.Equal(5, doppler.Received.Count);
    }
}
