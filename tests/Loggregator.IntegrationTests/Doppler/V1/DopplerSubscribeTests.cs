using System.Globalization;
using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V1;
using Xunit;
using V2Timer = Loggregator.Protocol.V2.Timer;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>What original Traffic Controllers read: routing, groups and forms of <c>plumbing.Doppler</c>.</summary>
public sealed class DopplerSubscribeTests : DopplerTest
{
    [Fact]
    public async Task Firehose_GetsEveryAppsEnvelopes_OfV1AndV2()
    {
        using var reader = await V1Reader.OpenAsync(_doppler);
        using var pusher = new V1Pusher(_doppler);
        await pusher.PushAsync(SomeV1.Log("a", "of v1"));
        await reader.UntilAsync(1);
        await _doppler.SendAsync([.. Some.OneOfEach("b"), Some.Gauge("b", "x", "y"), Some.Log("b", "last")]);
        await reader.UntilAsync("last");

        // The timer has no request id, and v1 has no events.
        Assert.Equal(["of v1", "log", "counter", "gauge", "x", "y"], reader.Names);
        Assert.Equal(1, _doppler.Counters.Delivery.Unconverted[(int)ConversionFault.MissingField]);
        Assert.Equal(0, _doppler.Counters.Delivery.Unconverted[(int)ConversionFault.NotInV1]); // none was ever looked at
    }

    [Theory]
    [InlineData(false, "", "log;system log")]
    [InlineData(true, "", "value;counter;error;ContainerMetric;HttpStartStop;HttpStartStop")]
    [InlineData(null, SomeV1.AppId, "log;ContainerMetric;HttpStartStop")]
    [InlineData(false, SomeV1.AppId, "log")]
    [InlineData(true, SomeV1.AppId, "ContainerMetric;HttpStartStop")]
    [InlineData(null, "system", "system log;value;counter;error;HttpStartStop")]
    [InlineData(null, "F47AC10B-58CC-4372-A567-0E02B2C3D479", "")]
    public async Task Filter_PassesItsAppAndKind(bool? metrics, string app, string expected)
    {
        var filter = new Filter { AppID = app };
        if (metrics == true)
        {
            filter.Metric = new MetricFilter();
        }
        else if (metrics == false)
        {
            filter.Log = new LogFilter();
        }

        using var ofV1 = await V1Reader.OpenAsync(_doppler, filter);
        using var all = await V1Reader.OpenAsync(_doppler);
        using var pusher = new V1Pusher(_doppler);
        Envelope[] sent =
        [
            SomeV1.Log(SomeV1.AppId, "log"), SomeV1.Log("system", "system log"), SomeV1.Value("value"), SomeV1.Counter("counter"), SomeV1.Error("error"),
            SomeV1.Container(SomeV1.AppId), SomeV1.Http(SomeV1.AppUuid), SomeV1.Http(null),
        ];
        foreach (var envelope in sent)
        {
            await pusher.PushAsync(envelope);
        }

        // The same once more as they are in v2, where nothing is kept of v1, and then what this filter surely passes.
        await all.UntilAsync(sent.Length);
        await _doppler.SendAsync([.. sent.Select(AsV2)]);
        await all.UntilAsync(2 * sent.Length);
        var end = metrics == true ? SomeV1.Container(app.Length == 0 ? "a" : app) : SomeV1.Log(app, "end");
        end.Origin = "end";
        await pusher.PushAsync(end);
        while (ofV1.Payloads.Count == 0 || ofV1.Envelopes.Last().Origin != "end")
        {
            await ofV1.NextAsync();
        }

        var once = expected.Split(';', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([.. once, .. once], ofV1.Names.SkipLast(1));
    }

    [Fact]
    public async Task Subscribe_SendsOneEnvelopeAMessage()
    {
        var client = new Loggregator.Protocol.Plumbing.Doppler.DopplerClient(_doppler.Channel());
        using var call = client.Subscribe(new SubscriptionRequest(), cancellationToken: DopplerHost.Patience);
        await call.ResponseHeadersAsync;
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Gauge("a", "x", "y"));
        List<string> names = [];
        while (names.Count < 3)
        {
            Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
            names.Add(V1Reader.NameOf(Envelope.Parser.ParseFrom(call.ResponseStream.Current.Payload)));
        }

        Assert.Equal(["1", "x", "y"], names);
        await DopplerHost.UntilAsync(() => Interlocked.Read(ref _doppler.Counters.Delivery.Written) == 2, "what was written is counted, as it is in the log");
        Assert.Equal(1, _doppler.Counters.Subscriptions);
        call.Dispose();
        await DopplerHost.UntilAsync(() => Interlocked.Read(ref _doppler.Counters.Subscriptions) == 0, "the subscription is closed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LogWithoutSourceId_ReachesAFirehoseOnce(bool filtered)
    {
        using var reader = await V1Reader.OpenAsync(_doppler, filtered ? new Filter { Log = new LogFilter() } : null);
        await _doppler.SendAsync(Some.Log("", "once"), Some.Log("", "end"));
        await reader.UntilAsync("end");

        Assert.Equal(["once"], reader.Names);
    }

    [Fact]
    public async Task Subscriptions_WithoutShardId_GetACopyEach()
    {
        using var one = await V1Reader.OpenAsync(_doppler, new Filter { AppID = "a" });
        using var two = await V1Reader.OpenAsync(_doppler, new Filter { AppID = "a" });
        using var other = await V1Reader.OpenAsync(_doppler, new Filter { AppID = "b" });
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Log("b", "2"));

        Assert.Equal(["1"], (await one.UntilAsync(1)).Names);
        Assert.Equal(["1"], (await two.UntilAsync(1)).Names);
        Assert.Equal(["2"], (await other.UntilAsync(1)).Names);
    }

    [Fact]
    public async Task ShardId_SharesAmongItsMembers_AndEachIdGetsAll()
    {
        using var one = await V1Reader.OpenAsync(_doppler, shardId: "x");
        using var two = await V1Reader.OpenAsync(_doppler, shardId: "x");
        using var alone = await V1Reader.OpenAsync(_doppler, shardId: "y");
        using var filtered = await V1Reader.OpenAsync(_doppler, new Filter { Log = new LogFilter() }, "x"); // a group of its own
        await _doppler.SendAsync([.. Enumerable.Range(0, 400).Select(i => Some.Log("a", i.ToString(CultureInfo.InvariantCulture)))]);
        await alone.UntilAsync(400);
        await filtered.UntilAsync(400);
        await DopplerHost.UntilAsync(() => Interlocked.Read(ref _doppler.Counters.Delivery.Written) == 1200, "both members were served");
        var delivered = Interlocked.Read(ref _doppler.Counters.Delivery.Matched);
        Assert.Equal(1200, delivered);

        // Each of two has one of 400 with even odds: fewer than 100 are as good as impossible.
        await one.UntilAsync(100);
        await two.UntilAsync(100);
        Assert.Empty(one.Names.Intersect(two.Names));
    }

    [Fact]
    public async Task Reader_ThatLeaves_IsForgotten()
    {
        var reader = await V1Reader.OpenAsync(_doppler);
        Assert.Equal(1, _doppler.Counters.Subscriptions);
        reader.Dispose();
        await DopplerHost.UntilAsync(() => Interlocked.Read(ref _doppler.Counters.Subscriptions) == 0, "the reader is gone");
        await _doppler.SendAsync(Some.Log("a", "1"));

        Assert.Equal(0, _doppler.Counters.Delivery.Matched);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReaderThatStops_IsToldExactlyWhatItMissed(bool appStream)
    {
        await using var doppler = await DopplerHost.StartAsync(options => options.LogBytes = 1024 * 1024);
        using var stuck = await V1Reader.OpenAsync(doppler, appStream ? new Filter { AppID = "a" } : null);
        const int Batches = 300, PerBatch = 100;
        for (var batch = 0; batch < Batches; batch++)
        {
            await doppler.SendAsync([.. Enumerable.Range(0, PerBatch).Select(i => Some.Log("a", new string('x', 400)))]);
        }

        await doppler.SendAsync(Some.Log("a", "end"));
        await stuck.UntilAsync("end");
        var got = stuck.Envelopes.Count(envelope => envelope.LogMessage is { SourceType: not "LGR" });
        if (appStream)
        {
            // A stream that no counter enters is told in lines.
            var line = stuck.Envelopes.First(envelope => envelope.LogMessage is { SourceType: "LGR" });
            Assert.Equal(("a", LogMessage.Types.MessageType.Err), (line.LogMessage.AppId, line.LogMessage.MessageType));
            Assert.InRange(got, 1, Batches * PerBatch - 1);
            return;
        }

        var told = stuck.Envelopes.Where(envelope => envelope.CounterEvent is { Name: "dropped" }).ToArray();
        Assert.NotEmpty(told);
        Assert.Equal(Batches * PerBatch, got + told.Sum(gap => (long)gap.CounterEvent.Delta));
        Assert.All(told, gap => Assert.Equal(("a", "doppler", "evicted"), (gap.Tags["source_id"], gap.Tags["hop"], gap.Tags["reason"])));
    }

    [Fact]
    public async Task Conversion_IsMadeOnceHoweverManyRead()
    {
        using var one = await V1Reader.OpenAsync(_doppler);
        using var two = await V1Reader.OpenAsync(_doppler, new Filter { AppID = "a" });
        using var three = await V1Reader.OpenAsync(_doppler, new Filter { Log = new LogFilter() });
        string[] lines = [.. Enumerable.Range(0, 500).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        foreach (var chunk in lines.Chunk(100))
        {
            await _doppler.SendAsync([.. chunk.Select(line => Some.Log("a", line))]);
        }

        Assert.Equal(lines, (await one.UntilAsync(500)).Names);
        Assert.Equal(lines, (await two.UntilAsync(500)).Names);
        Assert.Equal(lines, (await three.UntilAsync(500)).Names);
        Assert.Equal(500, _doppler.Counters.Delivery.Converted);
    }

    [Fact]
    public async Task V1_WhileNobodyReadsIt_CostsNothing()
    {
        using var reader = await _doppler.ReadAsync(Some.Logs());
        await _doppler.SendAsync(Some.Log("a", "1"));
        await reader.UntilAsync(1);

        Assert.Equal(0, _doppler.Counters.Delivery.Converted);
    }

    [Fact]
    public async Task Batch_HoldsAllThatWaits()
    {
        using var reader = await V1Reader.OpenAsync(_doppler);
        await _doppler.SendAsync([.. Enumerable.Range(0, 199).Select(i => Some.Log("a", i.ToString(CultureInfo.InvariantCulture)))]);
        await reader.NextAsync();

        // The original sends exactly 100 and keeps 99 back until its interval is over.
        Assert.Equal(199, reader.Payloads.Count);
    }

    [Fact]
    public async Task RepeatedGaugeOfManyMetrics_IsBoundedInV1()
    {
        using var reader = await V1Reader.OpenAsync(_doppler);
        var gauge = Some.Gauge("a", [.. Enumerable.Range(0, 20_000).Select(i => $"metric{i}")]);
        gauge.Tags.Add("large", new string('x', 10_000)); // in each of them: 200 MB
        await _doppler.SendAsync(gauge, Some.Log("a", "after"));

        Assert.Equal(["after"], (await reader.UntilAsync(1)).Names);
        Assert.Equal(1, _doppler.Counters.Delivery.Unconverted[(int)ConversionFault.TooLarge]);
    }

    [Fact]
    public async Task TimerOfAnyName_WithARequestId_IsAnHttpEvent()
    {
        using var reader = await V1Reader.OpenAsync(_doppler);
        var timer = new Loggregator.Protocol.V2.Envelope { SourceId = "s", Timer = new V2Timer { Name = "own", Start = 1, Stop = 2 } };
        timer.Tags.Add("request_id", "954f61c4-ac84-44be-9217-cdfa3117fb41");
        await _doppler.SendAsync(timer);
        var http = (await reader.UntilAsync(1)).Envelopes.Single().HttpStartStop;

        Assert.Equal((0xbe4484acc4614f95UL, 0x41fb1731facd1792UL), (http.RequestId.Low, http.RequestId.High));
        Assert.Null(http.ApplicationId);
        Assert.Equal((0, 0), ((int)http.Method, (int)http.PeerType));
    }

    private static Loggregator.Protocol.V2.Envelope AsV2(Envelope envelope)
    {
        var bytes = envelope.ToByteArray();
        Assert.Equal(ConversionFault.None, DropsondeEnvelope.TryRead(bytes, out var header));
        using var target = Loggregator.Protocol.Grpc.MessageBuffer.Rent(1024);
        V1ToV2.Write(target, bytes, header, DropsondeTagging.None);
        return Loggregator.Protocol.V2.Envelope.Parser.ParseFrom(target.Span);
    }
}
