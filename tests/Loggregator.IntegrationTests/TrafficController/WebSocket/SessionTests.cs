using Loggregator.Protocol.Dropsonde;
using Loggregator.TestKit.WebSockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

public sealed class SessionTests : WebSocketTest
{
    private const string NoPong = "Client did not respond to ping before keep-alive timeout expired.";

    [Fact]
    public async Task Upgrade_IsAnsweredWithNothingMoreThanNeeded()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream?", null, "Origin: wss://doppler", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: x");
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", client.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("Extensions", client.Head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Sec-WebSocket-Protocol", client.Head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, Host.Counters.AppStreams);
    }

    [Fact]
    public async Task Envelopes_AreBinaryMessagesOfTheirBytes()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        var sent = Sample.Logs("a", 0, 10);
        Doppler.Append(sent);
        foreach (var envelope in sent)
        {
            Assert.Equal(Sample.V1(envelope), await client.ReadAsync(ClientFrame.Binary, Cancel));
        }

        await Eventually.TrueAsync(() => Host.Counters.AppMessages == 10, "ten messages are counted");
        Assert.Equal(0, Host.Counters.FirehoseMessages);
    }

    [Fact]
    public async Task Envelope_OfMegabytes_IsOneMessage()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        var large = Sample.BigLog("a", 3_000_000);
        Doppler.Append(large, Sample.Log("a", "small"));
        Assert.Equal(Sample.V1(large), await client.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Equal(Sample.V1(Sample.Log("a", "small")), await client.ReadAsync(ClientFrame.Binary, Cancel));
    }

    [Fact]
    public async Task Pings_AreAnsweredWithTheirPayloadInOrder()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        await client.SendAsync(Cancel, [.. Enumerable.Range(0, 10).Select(i => new ClientFrame(ClientFrame.Ping, [(byte)i]))]);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal([(byte)i], await client.ReadAsync(ClientFrame.Pong, Cancel));
        }
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(4711)]
    public async Task Close_IsEchoedWithItsCode(int code)
    {
        await StartAsync();
        using var client = await OpenAsync("/firehose/s");
        await client.SendAsync(Cancel, ClientFrame.CloseOf(code, "bye"u8.ToArray()));
        Assert.Equal((code, ""), await client.ReadCloseAsync(Cancel));
        await Eventually.TrueAsync(() => Doppler.Subscriptions == 0, "the subscription is closed");
    }

    [Fact]
    public async Task Close_WithoutCode_IsEchoedWithoutCode()
    {
        await StartAsync();
        using var client = await OpenAsync("/firehose/s");
        await client.SendAsync(Cancel, new ClientFrame(ClientFrame.Close, []));
        Assert.Equal((1005, ""), await client.ReadCloseAsync(Cancel));
    }

    [Fact]
    public async Task Client_ThatLeavesWithoutAWord_EndsItsSession()
    {
        await StartAsync();
        var client = await OpenAsync("/firehose/s");
        Assert.Equal(1, Host.Counters.Firehoses);
        client.Dispose();
        await Eventually.TrueAsync(() => Host.Counters.Firehoses == 0 && Doppler.Subscriptions == 0, "the session has ended");
        Assert.Equal(0, Host.Counters.SlowConsumers);
    }

    [Fact]
    public async Task Client_ThatNeverPongs_IsClosedWithTheKnownReason()
    {
        var time = new FakeTimeProvider();
        await StartAsync(time);
        using var client = await OpenAsync("/apps/a/stream");
        var closed = client.ReadCloseAsync(Cancel);
        await AdvanceUntilAsync(time, closed);
        Assert.Equal((1008, NoPong), await closed);
        Assert.Equal(1, Host.Counters.DeadClients);
    }

    [Fact]
    public async Task Client_ThatPongs_IsPingedOnAndOn()
    {
        var time = new FakeTimeProvider();
        await StartAsync(time);
        using var client = await OpenAsync("/apps/a/stream");
        for (var i = 0; i < 4; i++)
        {
            await client.SendAsync(Cancel, new ClientFrame(ClientFrame.Pong, []));
            var ping = client.ReadAsync(ClientFrame.Ping, Cancel);
            await AdvanceUntilAsync(time, ping);
            Assert.Empty(await ping);
        }

        Assert.Equal(1, Host.Counters.WebSocketStreams);
    }

    [Fact]
    public async Task Stop_WritesWhatIsThereAndSaysGoodbye()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        Doppler.Append(Sample.Logs("a", 0, 5));
        var stop = Host.StopAsync();
        Assert.Equal((1001, "The Traffic Controller is stopping."), await client.ReadCloseAsync(Cancel));
        await stop;
        Assert.Equal(5, Host.Counters.Written + Host.Counters.DroppedShutdown);
    }

    [Fact]
    public async Task Tailers_OfOneApp_ShareOneSubscription()
    {
        await StartAsync();
        using var first = await OpenAsync("/apps/a/stream");
        using var second = await OpenAsync("/apps/a/stream");
        Doppler.Append(Sample.Log("a", "line"));
        Assert.Equal(Sample.V1(Sample.Log("a", "line")), await first.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Equal(Sample.V1(Sample.Log("a", "line")), await second.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Single(Doppler.Opens);
    }

    [Theory]
    [InlineData("/apps/some-app/stream", "some-app", "None", "")]
    [InlineData("/firehose/abc-123", "", "None", "abc-123")]
    [InlineData("/firehose/abc-123?", "", "None", "abc-123")]
    [InlineData("/firehose/abc-123?filter-type=logs", "", "Log", "abc-123")]
    [InlineData("/firehose/abc-123?filter-type=metrics", "", "Metric", "abc-123")]
    [InlineData("/apps/some-app/stream?filter-type=logs", "some-app", "None", "")]
    public async Task Stream_SubscribesAtDopplersWithItsFilter(string path, string app, string kind, string shard)
    {
        await StartAsync();
        using var client = await OpenAsync(path);
        var open = Assert.Single(Doppler.Opens);
        Assert.Equal((app, kind, shard), (open.V1.AppID, open.V1.MessageCase.ToString(), open.ShardId));
        Assert.Equal(Protocol.Internal.Sharing.Original, open.Sharing);
    }

    [Fact]
    public async Task Losses_AreLogLinesOnAppStreams()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        Doppler.TellGap("a", 1204);
        Assert.StartsWith("1,204 envelopes lost (doppler: evicted)", Line(await client.ReadAsync(ClientFrame.Binary, Cancel)), StringComparison.Ordinal);
        Doppler.Append(Sample.GapRecord("a", 7));
        Assert.Equal("7 envelopes lost (agent: ring_full)", Line(await client.ReadAsync(ClientFrame.Binary, Cancel)));
        Assert.Equal(1211, Host.Counters.ToldLost);
    }

    [Fact]
    public async Task Losses_AreCountersOnFirehoses()
    {
        await StartAsync();
        using var client = await OpenAsync("/firehose/s");
        Doppler.TellGap("a", 1204);
        var counter = Envelope.Parser.ParseFrom(await client.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Equal(("dropped", 1204ul), (counter.CounterEvent.Name, counter.CounterEvent.Delta));
        Assert.Equal(("a", "doppler", "evicted"), (counter.Tags["source_id"], counter.Tags["hop"], counter.Tags["reason"]));
    }

    private static string Line(byte[] message)
    {
        var log = Envelope.Parser.ParseFrom(message).LogMessage;
        Assert.Equal(("LGR", "a"), (log.SourceType, log.AppId));
        return log.Message.ToStringUtf8();
    }
}
