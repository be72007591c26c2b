using System.Net.Sockets;
using System.Text;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

public sealed class SharingTests
{
    [Fact]
    public async Task Clients_OfOneSelectorSet_ShareOneSubscription()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        List<SseClient> clients = [];
        for (var i = 0; i < 20; i++)
        {
            clients.Add(await SseClient.OpenAsync(host.Http, i % 2 == 0 ? "/v2/read?source_id=a&log&event" : "/v2/read?event&source_id=a&log"));
        }

        await Eventually.TrueAsync(() => doppler.Subscriptions == 1 && host.Counters.SseStreams == 20, "all are open");
        doppler.Append(Sample.Logs("a", 0, 3));
        foreach (var client in clients)
        {
            Assert.Equal(["a-0", "a-1", "a-2"], await client.ReadLogsAsync(3));
        }

        Assert.Single(doppler.Opens);
        clients.ForEach(client => client.Dispose());
        await Eventually.TrueAsync(() => doppler.Subscriptions == 0 && host.Counters.SseStreams == 0, "the subscription is closed");
        Assert.Equal(60, host.Counters.Written);
        host.AssertConservation();
    }

    [Fact]
    public async Task Clients_WithHistory_EndUpOnOneSubscription()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Logs("a", 0, 10));
        List<SseClient> clients = [];
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await SseClient.OpenAsync(host.Http, $"/v2/stream?source_id=a&lines={i + 1}"));
            Assert.Equal(i + 1, (await clients[i].ReadLogsAsync(i + 1)).Count);
        }

        for (var i = 10; i < 15; i++)
        {
            doppler.Append(Sample.Log("a", $"a-{i}", i + 1));
            foreach (var client in clients)
            {
                Assert.Equal([$"a-{i}"], await client.ReadLogsAsync(1));
            }
        }

        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "they share");
        Assert.Equal(1, host.Counters.Subscriptions);
    }

    [Fact]
    public async Task Clients_Sharded_HaveSubscriptionsAndMemberNamesOfTheirOwn()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var one = await SseClient.OpenAsync(host.Http, "/v2/stream?shard_id=s");
        using var two = await SseClient.OpenAsync(host.Http, "/v2/stream?shard_id=s");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 2, "both are open");
        Assert.All(doppler.Opens, open => Assert.Equal(Protocol.Internal.Sharing.BySource, open.Sharing));
        Assert.Equal(2, doppler.Opens.Select(open => open.Member).Distinct().Count());
    }

    [Fact]
    public async Task SlowClient_LeavesTheSharedSubscription_OthersAndItselfMissNothing()
    {
        const int Count = 6_000;
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.ClientBytes = 128 * 1024);
        using var slow = new TcpClient { ReceiveBufferSize = 256 * 1024 };
        await slow.ConnectAsync("127.0.0.1", host.HttpPort, TestContext.Current.CancellationToken);
        await slow.GetStream().WriteAsync("GET /v2/read?log HTTP/1.0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken); // 1.0: no chunks that tear a line
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the slow one is open");
        using var fast = await SseClient.OpenAsync(host.Http, "/v2/read?log");
        await Eventually.TrueAsync(() => host.Counters.SseStreams == 2, "the fast one is open");
        Assert.Single(doppler.Opens);

        var text = new string('x', 2000);
        for (var i = 0; i < Count; i += 100)
        {
            doppler.Append([.. Enumerable.Range(i, 100).Select(n => Sample.Log("a", $"{n}:{text}", n))]);
            Assert.Equal(Enumerable.Range(i, 100).Select(n => $"{n}:{text}"), await fast.ReadLogsAsync(100));
        }

        Assert.True(host.Counters.SlowClients > 0);
        Assert.Equal(2, doppler.Subscriptions);
        Assert.True(host.Counters.Held * 2000 < 512 * 1024, $"{host.Counters.Held} envelopes are held.");

        // It reads on at its own pace, and has missed nothing.
        using var reader = new StreamReader(slow.GetStream(), Encoding.ASCII);
        var seen = 0;
        while (seen < Count)
        {
            var line = await Eventually.WithinAsync(reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask(), "another line");
            seen += line!.Split("\"payload\"").Length - 1;
        }

        Assert.Equal(Count, seen);
        host.AssertConservation();
    }

    [Fact]
    public async Task SlowClient_ThatNeverReads_IsCutOff()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.WriteTimeout = TimeSpan.FromMilliseconds(200));
        using var stuck = new TcpClient { ReceiveBufferSize = 256 * 1024 };
        await stuck.ConnectAsync("127.0.0.1", host.HttpPort, TestContext.Current.CancellationToken);
        await stuck.GetStream().WriteAsync("GET /v2/read?log HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        doppler.Append([.. Enumerable.Range(0, 20_000).Select(i => Sample.BigLog("a", 1000))]);
        await Eventually.TrueAsync(() => host.Counters.SseStreams == 0 && doppler.Subscriptions == 0, "it is cut off");
        Assert.Equal(1, host.Counters.StalledStreams);
        await Eventually.TrueAsync(() => host.Counters.Held == 0, "nothing is held for it");
        Assert.True(host.Counters.DroppedPeerGone > 0);
        host.AssertConservation();
    }

    [Fact]
    public async Task SameDoppler_ByTwoAddresses_IsAttachedOnce()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync(
            [], options => options.Dopplers = [doppler.Address, $"127.0.0.2:{doppler.Port}"], wait: false);
        await Eventually.TrueAsync(() => host.Dopplers.Nodes.All(node => node.Tried), "both were tried");
        using var client = await SseClient.OpenAsync(host.Http, "/v2/read?log");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Logs("a", 0, 2));
        Assert.Equal(["a-0", "a-1"], await client.ReadLogsAsync(2));
        Assert.Equal(1, host.Counters.DopplersAttached);
        Assert.Equal(2, host.Counters.Matched);
    }

    [Fact]
    public async Task OriginalDoppler_BatchedReceiver_IsSharedAndValidated()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([], options =>
        {
            options.Dopplers = [];
            options.OriginalDopplers = [doppler.Address];
        });
        Assert.True(host.Service.Ready);
        using (var one = new EgressReader(host, new EgressBatchRequest { Selectors = { new Selector { Log = new LogSelector() } } }))
        using (var two = await SseClient.OpenAsync(host.Http, "/v2/read?log"))
        {
            await Eventually.TrueAsync(() => doppler.Receivers == 1 && host.Counters.SseStreams + host.Counters.GrpcStreams == 2, "both are open");
            doppler.Append(Sample.Log("a", "x"), [0x12, 0x01, 0xFF], Sample.Log("a", "y"));
            Assert.Equal(["x", "y"], (await one.ReadAsync(2)).Select(Sample.Text));
            Assert.Equal(["x", "y"], await two.ReadLogsAsync(2));
        }

        Assert.Single(doppler.Requests);
        await Eventually.TrueAsync(() => doppler.Receivers == 0, "the stream is over");
        Assert.Equal(1, host.Counters.Invalid);
        host.AssertConservation();
    }

    [Fact]
    public async Task OriginalDoppler_SlowClient_DropsTheOldestAndTells()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([], options =>
        {
            options.Dopplers = [];
            options.OriginalDopplers = [doppler.Address];
            options.ClientBytes = 128 * 1024;
        });
        using (var reader = new EgressReader(
                   host,
                   new EgressBatchRequest { Selectors = { new Selector { Log = new LogSelector() }, new Selector { Counter = new CounterSelector() } } }))
        {
            await Eventually.TrueAsync(() => doppler.Receivers == 1, "it is open");
            var text = new string('x', 1000);
            for (var i = 0; i < 400; i++)
            {
                doppler.Append([.. Enumerable.Range(i * 50, 50).Select(n => Sample.Log("a", text, n))]);
            }

            await Eventually.TrueAsync(() => host.Counters.Matched == 20_000, "all have arrived");
            ulong told = 0;
            var seen = 0;
            while (seen + (int)told < 20_000)
            {
                var envelope = (await reader.ReadAsync(1))[0];
                seen += envelope.Log is null ? 0 : 1;
                told += envelope.Counter?.Delta ?? 0;
            }

            Assert.Equal(20_000, seen + (int)told);
            Assert.Equal(host.Counters.DroppedSlowConsumer, (long)told);
            Assert.True(told > 0);
        }

        await Eventually.TrueAsync(() => host.Counters.GrpcStreams == 0, "the stream is over");
        host.AssertConservation();
    }
}
