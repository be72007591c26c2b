using System.Text;
using Loggregator.TestKit.Originals;
using Loggregator.TestKit.WebSockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.WebSocket;

/// <summary>A Traffic Controller over original Dopplers.</summary>
public sealed class MixedFleetTests : IAsyncDisposable
{
    private readonly List<OriginalDoppler> _originals = [];
    private TrafficControllerHost? _host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_host is { } host)
        {
            await Eventually.TrueAsync(() => host.Counters.WebSocketStreams == 0, "all sessions have ended");
            host.AssertConservation();
            await host.DisposeAsync();
        }

        foreach (var original in _originals)
        {
            await original.DisposeAsync();
        }
    }

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
        foreach (var original in _originals)
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
            _originals[i % 2].Publish("a", true, Payload(i), null);
            _originals[i % 2].Publish("b", true, Payload(99), null);
        }

        var read = new List<byte[]>();
        for (var i = 0; i < 10; i++)
        {
            read.Add(await client.ReadAsync(ClientFrame.Binary, Cancel));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => Convert.ToHexString(Payload(i))).Order(), read.Select(Convert.ToHexString).Order());
    }

    [Fact]
    public async Task Original_ThatIsKilled_LeavesTheTailGoingAndIsReadAgainWhenItIsBack()
    {
        await StartAsync(2);
        using var client = await OpenAsync("/apps/a/stream");
        await SubscribedAsync(1);
        await _originals[0].KillAsync();
        _originals[1].Publish("a", true, Payload(1), null);
        Assert.Equal(Payload(1), await client.ReadAsync(ClientFrame.Binary, Cancel));

        await _originals[0].ListenAsync();
        await Eventually.TrueAsync(() => _originals[0].Subscriptions == 1, "it is subscribed again");
        _originals[0].Publish("a", true, Payload(2), null);
        Assert.Equal(Payload(2), await client.ReadAsync(ClientFrame.Binary, Cancel));
    }

    [Fact]
    public async Task Original_WhoseStreamsFailAtOnce_IsTriedAgainAndHindersNobody()
    {
        await StartAsync(2);
        _originals[0].FailsAtOnce = true;
        using var client = await OpenAsync("/apps/a/stream");
        await Eventually.TrueAsync(() => _originals[0].Opened >= 5, "it has been tried five times");
        _originals[1].Publish("a", true, Payload(1), null);
        byte[] read;
        do
        {
            read = await client.ReadAsync(ClientFrame.Binary, Cancel); // at first records of two bytes, which the failing one had sent
        }
        while (read.Length == 2);

        Assert.Equal(Payload(1), read);
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
            _originals[i % 2].Publish("a", true, Payload(i), null);
        }

        await Eventually.TrueAsync(() => _host!.Counters.FirehoseMessages == 100, "each is written once");
        Assert.True(_host!.Counters.Matched == 100);
    }

    [Fact]
    public async Task Tailers_OfOneApp_ShareOneSubscriptionAtAnOriginal()
    {
        await StartAsync(1);
        using var first = await OpenAsync("/apps/a/stream");
        using var second = await OpenAsync("/apps/a/stream");
        await SubscribedAsync(1);
        _originals[0].Publish("a", true, Payload(5), null);
        Assert.Equal(Payload(5), await first.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Equal(Payload(5), await second.ReadAsync(ClientFrame.Binary, Cancel));

        first.Dispose(); // who leaves takes nothing from the other
        await Eventually.TrueAsync(() => _host!.Counters.WebSocketStreams == 1, "the first has left");
        _originals[0].Publish("a", true, Payload(6), null);
        Assert.Equal(Payload(6), await second.ReadAsync(ClientFrame.Binary, Cancel));
        Assert.Single(_originals[0].Subscribed);
    }

    [Fact]
    public async Task Original_WhoseStreamsFailAtOnce_IsTriedEverMoreSeldom()
    {
        var time = new FakeTimeProvider();
        await StartAsync(1, time);
        _originals[0].FailsAtOnce = true;
        using var client = await OpenAsync("/apps/a/stream");
        var step = TimeSpan.FromMilliseconds(50);
        var passed = TimeSpan.Zero;
        while (_originals[0].Opened < 6)
        {
            time.Advance(step);
            passed += step;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancel);
        }

        // Five pauses: each at least half of 100 ms and its doubles.
        Assert.InRange(passed, TimeSpan.FromMilliseconds((100 + 200 + 400 + 800 + 1600) / 2), TimeSpan.MaxValue);
    }

    [Fact]
    public async Task SlowClient_OverAnOriginal_IsToldWhatItsRingLost()
    {
        const int Envelopes = 10_000;
        await StartAsync(1);
        using var client = await OpenAsync("/apps/a/stream?slow-consumer=drop", receiveBuffer: 4096);
        await SubscribedAsync(1);
        var large = Sample.V1(Sample.BigLog("a", 2000));
        for (var sent = 1; sent <= Envelopes; sent++)
        {
            _originals[0].Publish("a", true, large, null);
            if (sent % 500 == 0) // the original has but a thousand slots
            {
                await Eventually.TrueAsync(() => Interlocked.Read(ref _host!.Counters.Matched) == sent, "what was sent has arrived");
            }
        }

        var seen = 0;
        for (var told = 0L; seen + told < Envelopes;)
        {
            var log = Protocol.Dropsonde.Envelope.Parser.ParseFrom(await client.ReadAsync(ClientFrame.Binary, Cancel)).LogMessage;
            var isGap = log.SourceType == "LGR";
            seen += isGap ? 0 : 1;
            told = isGap ? Interlocked.Read(ref _host!.Counters.ToldLost) : told;
        }

        Assert.InRange(seen, 1, Envelopes - 1);
        Assert.Equal(Envelopes - seen, _host!.Counters.DroppedSlowConsumer);
    }

    private static byte[] Payload(int i) => [0x0A, 0x01, (byte)'o', 0x10, 0x05, .. Encoding.ASCII.GetBytes($"payload-{i}")];

    private async Task StartAsync(int originals, TimeProvider? time = null, params FakeDoppler[] ours)
    {
        for (var i = 0; i < originals; i++)
        {
            _originals.Add(await OriginalDoppler.StartAsync());
        }

        _host = await TrafficControllerHost.StartAsync(ours, options => options.OriginalDopplers = [.. _originals.Select(original => original.Address)], time);
    }

    private async Task<RawWebSocket> OpenAsync(string path, int? receiveBuffer = null)
    {
        var client = await RawWebSocket.OpenAsync(_host!.HttpPort, path, Cancel, receiveBuffer);
        Assert.StartsWith("HTTP/1.1 101 ", client.Head, StringComparison.Ordinal);
        return client;
    }

    private Task SubscribedAsync(int each) =>
        Eventually.TrueAsync(() => _originals.TrueForAll(original => original.Subscriptions == each), $"each original has {each} subscriptions");

    [Fact]
    public async Task Fleet_OfOriginalsAndOurs_IsReadAsOne_OverWebSocketAndSse()
    {
        await using var ours = await FakeDoppler.StartAsync();
        await StartAsync(2, null, ours);
        using var tail = await OpenAsync("/apps/a/stream");
        using var sse = await SseClient.OpenAsync(_host!.Http, "/v2/read?log&source_id=a");
        await SubscribedAsync(1);
        await Eventually.TrueAsync(() => ours.Subscriptions == 2 && _originals.TrueForAll(original => original.Receivers == 1), "all are subscribed");
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
                    _originals[at].Publish("a", true, Sample.V1(lines[i]), lines[i]);
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

        await _originals[0].KillAsync();
        ours.Append(Sample.Log("a", "on"));
        Assert.Equal(Sample.V1(Sample.Log("a", "on")), await tail.ReadAsync(ClientFrame.Binary, Cancel));
    }
}
