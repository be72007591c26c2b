using Loggregator.IntegrationTests.Cluster;
using Loggregator.Protocol.Dropsonde;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>The whole product, read by a client that others have written.</summary>
public sealed class NpmClientTests : ClusterTest
{
    [Theory(Timeout = 120_000)]
    [InlineData("ws", "apps/app/stream")]
    [InlineData("wss", "apps/app/stream")]
    [InlineData("wss", "firehose/s?filter-type=logs")]
    public async Task Session_OfNpmsWs_HasPingsBinaryMessagesAndItsOwnCloseCode(string scheme, string path)
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1, MutualTls = true });
        await using var client = NpmClient.Start($"{scheme}://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}/{path}", "--after=50", "--close=4001");
        var open = await client.ReadAsync("open");
        Assert.Equal(("", ""), (open.GetProperty("protocol").GetString(), open.GetProperty("extensions").GetString()));
        Assert.Equal(0, (await client.ReadAsync("ping")).GetProperty("length").GetInt32());
        await client.PingAsync("hello");
        Assert.Equal("68656c6c6f", (await client.ReadAsync("pong")).GetProperty("data").GetString());

        await cluster.SubscribedAsync(1, cancel);
        await cluster.Produce(cluster.Agents[0]).SendAsync("app", 0, 50, cancel);
        for (var i = 0; i < 50; i++)
        {
            var message = await client.ReadAsync("message");
            Assert.True(message.GetProperty("binary").GetBoolean());
            var envelope = Envelope.Parser.ParseFrom(message.GetProperty("data").GetBytesFromBase64());
            Assert.Equal((Envelope.Types.EventType.LogMessage, "app"), (envelope.EventType, envelope.LogMessage.AppId));
        }

        var close = await client.ReadAsync("close");
        Assert.Equal((4001, ""), (close.GetProperty("code").GetInt32(), close.GetProperty("reason").GetString()));
    }

    [Fact(Timeout = 120_000)]
    public async Task Stop_ReachesNpmsWsAsGoingAway()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        await using var client = NpmClient.Start($"ws://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}/firehose/s");
        await client.ReadAsync("ping");
        await cluster.SubscribedAsync(1, cancel);
        await cluster.TrafficControllers[0].StopAsync();
        Assert.Equal(1001, (await client.ReadAsync("close")).GetProperty("code").GetInt32());
    }
}
