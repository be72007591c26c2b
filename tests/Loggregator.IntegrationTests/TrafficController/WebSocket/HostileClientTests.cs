using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.WebSockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

[Collection(ClusterCollection.Name)] // alone, as it looks at the process's memory
public sealed class HostileClientTests : WebSocketTest
{
    public static TheoryData<string, byte[], int> Breaches() => new()
    {
        { "not masked", new ClientFrame(ClientFrame.Text, "hi"u8.ToArray(), Masked: false).ToBytes(), 1002 },
        { "reserved bit", new ClientFrame(ClientFrame.Text, "hi"u8.ToArray(), Reserved: 4).ToBytes(), 1002 },
        { "reserved opcode", new ClientFrame(3, []).ToBytes(), 1002 },
        { "fragmented ping", new ClientFrame(ClientFrame.Ping, [], Final: false).ToBytes(), 1002 },
        { "nothing to continue", new ClientFrame(ClientFrame.Continuation, []).ToBytes(), 1002 },
        { "bad UTF-8", new ClientFrame(ClientFrame.Text, [0xC0, 0xAF]).ToBytes(), 1007 },
        { "bad close code", ClientFrame.CloseOf(1005).ToBytes(), 1002 },
        { "too large", new ClientFrame(ClientFrame.Binary, new byte[100_000]).ToBytes(), 1009 },
        { "absurd length", [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], 1009 },
    };

    [Theory]
    [MemberData(nameof(Breaches), DisableDiscoveryEnumeration = true)]
    public async Task Breach_EndsTheSessionWithItsCode(string breach, byte[] bytes, int code)
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        await client.SendAsync(bytes, Cancel);
        var (status, reason) = await client.ReadCloseAsync(Cancel);
        Assert.Equal((breach, code), (breach, status));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public async Task Megabytes_InMessagesAndPings_CostNoMemoryAndChangeNothing()
    {
        await StartAsync();
        using var client = await OpenAsync("/apps/a/stream");
        var message = new ClientFrame(ClientFrame.Binary, new byte[60_000]).ToBytes();
        var part = new ClientFrame(ClientFrame.Text, new byte[60], Final: false).ToBytes();
        var rest = new ClientFrame(ClientFrame.Continuation, new byte[60]).ToBytes();
        byte[] small = [.. Enumerable.Repeat<byte[]>([.. part, .. rest], 500).SelectMany(b => b)];
        await client.SendAsync(message, Cancel);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < 500; i++)
        {
            await client.SendAsync(message, Cancel);
            await client.SendAsync(small, Cancel);
        }

        await client.SendAsync(Cancel, new ClientFrame(ClientFrame.Ping, [42]));
        Assert.Equal([42], await client.ReadAsync(ClientFrame.Pong, Cancel));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 20_000_000); // of 60 MB sent; the test's own sockets allocate too
    }

    [Fact]
    public async Task EndlessPings_OfAClientThatDoesNotRead_AreBounded()
    {
        var time = new FakeTimeProvider();
        await StartAsync(time);
        using var client = await OpenAsync("/apps/a/stream", receiveBuffer: 4096);
        var pings = new ClientFrame(ClientFrame.Ping, new byte[125]).ToBytes();
        byte[] many = [.. Enumerable.Repeat(pings, 1000).SelectMany(b => b)];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 200; i++)
        {
            await client.SendAsync(many, Cancel); // 26 MB: it goes on being read
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 10_000_000);
        using var other = await OpenAsync("/apps/b/stream");
        await Eventually.TrueAsync(() => Doppler.Subscriptions == 2, "the other is subscribed");
        Doppler.Append(Sample.Log("b", "line"));
        Assert.Equal(Sample.V1(Sample.Log("b", "line")), await other.ReadAsync(ClientFrame.Binary, Cancel));
    }

    [Fact]
    public async Task Client_ThatNeverReads_IsASlowConsumerAndItsNeighbourIsNot()
    {
        var time = new FakeTimeProvider();
        await StartAsync(time);
        using var slow = await OpenAsync("/apps/a/stream?x=1", receiveBuffer: 4096, "X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8");
        using var good = await OpenAsync("/apps/a/stream");
        var reading = Task.Run(async () =>
        {
            for (var i = 0; i < 400; i++)
            {
                Assert.Equal(Sample.V1(Sample.BigLog("a", 50_000)).Length, (await good.ReadAsync(ClientFrame.Binary, Cancel)).Length);
            }
        }, Cancel);
        for (var i = 0; i < 400; i++)
        {
            Doppler.Append(Sample.BigLog("a", 50_000));
        }

        await Eventually.WithinAsync(Task.Run(async () => { await reading; return true; }, Cancel), "all 20 MB at the client that reads");
        await Eventually.TrueAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return Host.Counters.AppStreams == 1; }, "the slow one is cut off");

        Assert.Equal(1, Host.Counters.SlowConsumers);
        Assert.Equal(0, Host.Counters.StalledStreams);
        Assert.True(Host.Counters.DroppedSlowConsumer > 0);
        var told = await Host.Events.Reader.ReadAsync(Cancel);
        Assert.Equal("Traffic Controller has disconnected slow consumer", told.Title);
        var lines = told.Body.Split('\n');
        Assert.StartsWith("Remote Address: 127.0.0.1:", lines[0], StringComparison.Ordinal);
        Assert.Equal("X-Forwarded-For: 1.2.3.4, 5.6.7.8", lines[1]);
        Assert.Equal("Path: /apps/a/stream?x=1", lines[2]);
        Assert.Equal("", lines[3]);
    }

    [Fact]
    public async Task SlowConsumer_ThatReadsAgainInTime_IsToldWhy()
    {
        var time = new FakeTimeProvider();
        await StartAsync(time);
        using var client = await OpenAsync("/apps/a/stream", receiveBuffer: 4096);
        for (var i = 0; i < 200; i++)
        {
            Doppler.Append(Sample.BigLog("a", 50_000));
        }

        await Host.WriteStandsStillAsync();
        time.Advance(TimeSpan.FromSeconds(5.5)); // the clock looks once
        var (code, reason) = await client.ReadCloseAsync(Cancel);
        Assert.Equal(1008, code);
        Assert.StartsWith("Slow consumer", reason, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Host.Counters.SlowConsumers == 1, "it is counted");
    }

    [Fact]
    public async Task Policy_Drop_LetsASlowClientStay()
    {
        var time = new FakeTimeProvider();
        await StartAsync(time);
        using var client = await OpenAsync("/apps/a/stream?slow-consumer=drop", receiveBuffer: 4096);
        for (var i = 0; i < 200; i++)
        {
            Doppler.Append(Sample.BigLog("a", 50_000));
        }

        await Host.WriteStandsStillAsync();
        time.Advance(TimeSpan.FromSeconds(20));
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(Sample.V1(Sample.BigLog("a", 50_000)).Length, (await client.ReadAsync(ClientFrame.Binary, Cancel)).Length);
        }

        Assert.Equal(0, Host.Counters.SlowConsumers);
    }

    [Fact]
    public async Task UnfinishedConnections_InThousands_HinderNobody()
    {
        await StartAsync();
        var sockets = new List<Socket>();
        try
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < 5000; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, Host.HttpPort, Cancel);
                if (i % 2 == 0)
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes("GET /apps/a/stream HTTP/1.1\r\nHost: x\r\nConnection: Upg"), Cancel);
                }
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"5,000 connections in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
            using var client = await OpenAsync("/apps/a/stream");
            Doppler.Append(Sample.Log("a", "line"));
            Assert.Equal(Sample.V1(Sample.Log("a", "line")), await client.ReadAsync(ClientFrame.Binary, Cancel));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    [Theory]
    [InlineData(1, 70_000)]
    [InlineData(5000, 10)]
    public async Task HeaderBomb_IsRefused(int count, int length)
    {
        await StartAsync();
        var bomb = Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('x', length)}").ToArray();
        using var client = await RawWebSocket.OpenAsync(Host.HttpPort, "/apps/a/stream", Cancel, null, bomb);
        Assert.StartsWith("HTTP/1.1 431 ", client.Head, StringComparison.Ordinal);
        Assert.Empty(Doppler.Opens);
    }
}
