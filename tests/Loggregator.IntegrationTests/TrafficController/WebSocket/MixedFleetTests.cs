using Loggregator.TestKit.WebSockets;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>What is asked of original Dopplers, and what of them and of ours comes together.</summary>
public sealed class MixedFleetTests : OriginalsTest
{
    [Theory]
    [InlineData("/apps/some-app/stream", "some-app", "", "")]
    [InlineData("/firehose/abc-123", "", "", "abc-123")]
    [InlineData("/firehose/abc-123?filter-type=logs", "", "log", "abc-123")]
    [InlineData("/firehose/abc-123?filter-type=metrics", "", "metric", "abc-123")]
    [InlineData("/firehose/abc-123?filter-type=Logs", "", "", "abc-123")]
    public async Task Stream_SubscribesAtEveryOriginalWithItsFilter(string path, string app, string kind, string shard)
    {
        await StartAsync(2);
        using var client = await OpenAsync(path);
        foreach (var original in Originals)
        {
            await Eventually.TrueAsync(() => original.Subscriptions == 1, "the original has the subscription");
            var subscription = Assert.Single(original.Subscribed);
            Assert.Equal((app, kind, shard), (subscription.AppId, subscription.Kind, subscription.ShardId));
        }

        await client.SendAsync(Cancel, ClientFrame.CloseOf(1000));
        await SubscribedAsync(0);
    }

    [Fact]
    public async Task Payloads_ArriveAsBinaryMessagesOfTheSameBytesFromAll()
    {
        await StartAsync(2);
        using var client = await OpenAsync("/apps/a/stream");
        await SubscribedAsync(1);
        for (var i = 0; i < 10; i++)
        {
            Originals[i % 2].Publish("a", true, Payload(i), null);
            Originals[i % 2].Publish("b", true, Payload(99), null);
        }

        var read = new List<byte[]>();
        for (var i = 0; i < 10; i++)
        {
            read.Add(await client.ReadAsync(ClientFrame.Binary, Cancel));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => Convert.ToHexString(Payload(i))).Order(), read.Select(Convert.ToHexString).Order());
    }

    [Fact]
    public async Task Firehoses_OfOneShard_ShareWhatTheOriginalsBring()
    {
        await StartAsync(2);
        using var first = await OpenAsync("/firehose/s");
        using var second = await OpenAsync("/firehose/s");
        await SubscribedAsync(2);
        for (var i = 0; i < 100; i++)
        {
            Originals[i % 2].Publish("a", true, Payload(i), null);
        }

        await Eventually.TrueAsync(() => Host.Counters.FirehoseMessages == 100, "each is written once");
        Assert.True(Host.Counters.Matched == 100);
    }

    [Fact]
    public async Task Tailers_OfOneApp_ShareOneSubscriptionAtAnOriginal()
    {
        await StartAsync(1);
        using var first = await OpenAsync("/apps/a/stream");
        using var second = await OpenAsync("/apps/a/stream");
        await SubscribedAsync(1);
        Originals[0].Publish("a", true, Payload(5), null);
        Assert.Equal(Payload(5), await first.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Equal(Payload(5), await second.ReadAsync(ClientFrame.Binary, Cancel));

        first.Dispose(); // who leaves takes nothing from the other
        await Eventually.TrueAsync(() => Host.Counters.WebSocketStreams == 1, "the first has left");
        Originals[0].Publish("a", true, Payload(6), null);
        Assert.Equal(Payload(6), await second.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Single(Originals[0].Subscribed);
    }

    [Fact]
    public async Task Fleet_OfOriginalsAndOurs_IsReadAsOne_OverWebSocketAndSse()
    {
        await using var ours = await FakeDoppler.StartAsync();
        await StartAsync(2, null, ours);
        using var tail = await OpenAsync("/apps/a/stream");
        using var sse = await SseClient.OpenAsync(Host.Http, "/v2/read?log&source_id=a");
        await SubscribedAsync(1);
        await Eventually.TrueAsync(() => ours.Subscriptions == 2 && Originals.TrueForAll(original => original.Receivers == 1), "all are subscribed");
        var lines = Sample.Logs("a", 0, 30);
        for (var i = 0; i < lines.Length; i++)
        {
            Publish(i % 3);
            void Publish(int at)
            {
                if (at == 2)
                {
                    ours.Append(lines[i]);
                }
                else
                {
                    Originals[at].Publish("a", true, Sample.V1(lines[i]), lines[i]);
                }
            }
        }

        var read = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            read.Add(Convert.ToHexString(await tail.ReadAsync(ClientFrame.Binary, Cancel)));
        }

        Assert.Equal(lines.Select(line => Convert.ToHexString(Sample.V1(line))).Order(), read.Order());
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"a-{i}").Order(), (await sse.ReadLogsAsync(30)).Order());

        await Originals[0].KillAsync();
        ours.Append(Sample.Log("a", "on"));
        Assert.Equal(Sample.V1(Sample.Log("a", "on")), await tail.ReadAsync(ClientFrame.Binary, Cancel));
    }
}
