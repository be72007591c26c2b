using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Loggregator.Agent.Ingress;
using Loggregator.IntegrationTests.Doppler;
using Loggregator.IntegrationTests.Doppler.V1;
using Loggregator.IntegrationTests.TrafficController;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Dropsonde;
using Loggregator.Protocol.V1;
using Loggregator.TestKit.Originals;
using Loggregator.TestKit.WebSockets;
using Xunit;

namespace Loggregator.IntegrationTests;

/// <summary>Dropsonde emitters at the agent's UDP port.</summary>
public sealed class AgentUdpTests
{
    [Fact]
    public async Task Datagrams_AreShippedAsV2_StampedAndTagged()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await StartAsync(doppler, tags: true);
        using var emitter = new Emitter(agent);
        emitter.Send(SomeV1.Log(SomeV1.AppId, "line"));
        var placed = SomeV1.Value("v");
        (placed.Deployment, placed.Job) = ("own", "");
        emitter.Send(placed);
        await doppler.WaitForAsync(got => got.Count == 2, "both envelopes");

        var log = V2(doppler.Received[0]);
        Assert.Equal((SomeV1.AppId, "line"), (log.SourceId, log.Log.Payload.ToStringUtf8()));
        Assert.Equal(("o", "LogMessage"), (log.Tags["origin"], log.Tags["__v1_type"]));
        Assert.Equal(("host-dep", "host-job", "host-index", "host-ip", "x"), (log.Tags["deployment"], log.Tags["job"], log.Tags["index"], log.Tags["ip"], log.Tags["other"]));
        var value = V2(doppler.Received[1]);
        Assert.Equal(("o", "own", "", "host-index"), (value.SourceId, value.Tags["deployment"], value.Tags["job"], value.Tags["index"])); // the origin is the source
        Assert.All(doppler.Received, got => Assert.Equal(1UL, got.Sequence));
        Assert.Equal(2, agent.Counters.Datagrams);
    }

    [Fact]
    public async Task CounterTotals_AddUpByNameOriginAndTags()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await StartAsync(doppler);
        using var emitter = new Emitter(agent);
        emitter.Send(Counter("c", 4));
        emitter.Send(Counter("c", 4));
        emitter.Send(Counter("c", 4));
        emitter.Send(Counter("c", 0, total: 101)); // overrides
        emitter.Send(Counter("c", 4));
        emitter.Send(Counter("c", 0)); // of v2 it would start again
        emitter.Send(Counter("other", 4));
        emitter.Send(Counter("c", 4, origin: "p"));
        emitter.Send(Counter("c", 4, tag: ("protocol", "tcp")));
        emitter.Send(Counter("c", 4, tag: ("protocolt", "cp")));
        emitter.Send(SomeV1.Value("c"));
        await doppler.WaitForAsync(got => got.Count == 11, "all envelopes");

        var counters = doppler.Received.Select(V2).Where(envelope => envelope.Counter is not null).Select(envelope => (envelope.Counter.Delta, envelope.Counter.Total));
        Assert.Equal([(4, 4), (4, 8), (4, 12), (0, 101), (4, 105), (0, 105), (4, 4), (4, 4), (4, 4), (4, 4)], counters);
    }

    [Fact]
    public async Task BadDatagrams_AreDroppedAloneAndCountedByReason()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await StartAsync(doppler);
        using var emitter = new Emitter(agent);
        emitter.Send([]);
        emitter.Send([0, 0, 0, 0]);
        var garbage = new byte[65_507];
        new Random(1).NextBytes(garbage);
        emitter.Send(garbage);
        emitter.Send([0x0A, 1, (byte)'o', 0x10, 0xD0, 0x0F]); // event type 2000
        emitter.Send([0x0A, 1, (byte)'o', 0x10, 1]); // a heartbeat, which is no more
        emitter.Send([0x0A, 1, (byte)'o', 0x10, 5]); // a log message without one
        emitter.Send(SomeV1.Log("a", "x").ToByteArray()[3..]); // no origin
        emitter.Send(new byte[] { 0x0A, 1, (byte)'o', 0x10, 5, 0x42, 2, 0x10, 1 }); // a log message without its fields
        var largest = SomeV1.Log("a", new string('x', 65_400));
        emitter.Send(largest);
        await doppler.WaitForAsync(got => got.Count == 1, "the good one");
        await agent.UntilAsync(() => Interlocked.Read(ref agent.Counters.Datagrams) == 9, "all datagrams");

        Assert.Equal(largest.LogMessage.Message.Length, V2(doppler.Received[0]).Log.Payload.Length);
        var faults = agent.Counters.UnreadableV1;
        Assert.Equal(2, faults[(int)ConversionFault.Malformed]);
        Assert.Equal(3, faults[(int)ConversionFault.MissingField]); // the empty one, too
        Assert.Equal(2, faults[(int)ConversionFault.UnknownType]);
        Assert.Equal(1, faults[(int)ConversionFault.NoPayload]);
        Assert.Equal(8, agent.Counters.Dropped(LossReason.Invalid));
    }

    [Fact]
    public async Task Text_ThatIsNoUtf8_IsRepaired()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await StartAsync(doppler);
        using var emitter = new Emitter(agent);
        var bytes = SomeV1.Log("a", "line").ToByteArray();
        bytes[2] = 0xE9;
        emitter.Send(bytes);
        await doppler.WaitForAsync(got => got.Count == 1, "the envelope");

        Assert.Equal("\uFFFD", V2(doppler.Received[0]).Tags["origin"]);
    }

    [Fact]
    public void KernelDrops_AreWhatTheSocketDidNotHold()
    {
        using var reader = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 64 * 1024 };
        reader.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var drops = new KernelDrops(reader);
        Assert.Equal(0, drops.Take());
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (var i = 0; i < 1000; i++)
        {
            sender.SendTo(new byte[1000], reader.LocalEndPoint!);
        }

        var dropped = drops.Take();
        var held = 0;
        for (var buffer = new byte[1000]; reader.Available > 0; held++)
        {
            reader.Receive(buffer);
        }

        Assert.Equal(1000, held + dropped);
        Assert.InRange(dropped, 1, 999);
        Assert.Equal(0, drops.Take());
    }

    [Fact]
    public async Task Stop_ReadsWhatTheKernelHolds()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await StartAsync(doppler);
        using var emitter = new Emitter(agent);
        for (var i = 0; i < 1000; i++)
        {
            emitter.Send(SomeV1.Log("a", "line"));
        }

        await agent.StopAsync();
        Assert.Equal(1000, agent.Counters.Datagrams + agent.Counters.Dropped(LossReason.UdpKernel));
        Assert.Equal(agent.Counters.Datagrams, agent.Counters.Confirmed - agent.Counters.Generated);
    }

    [Fact]
    public async Task OriginalDoppler_GetsV1OverPusher_AndV2OverBatchSender()
    {
        await using var doppler = await DopplerHost.StartAsync(); // speaks the original's calls, too
        using var v1 = await V1Reader.OpenAsync(doppler);
        using var v2 = await doppler.ReadAsync(Some.Logs());
        await using (var agent = await AgentHost.StartAsync(o =>
            (o.Dopplers, o.OriginalDopplers, o.PushV1) = ([new Uri(doppler.Address).Authority], true, true)))
        {
            using var emitter = new Emitter(agent);
            emitter.Send(SomeV1.Log("a", "of v1"));
            await v1.UntilAsync(1);
            await agent.SendAsync(AgentHost.Logs("b", 7, 1));
            await v1.UntilAsync(2);
        }

        Assert.Equal(["of v1", "7"], v1.Names);
        await v2.UntilAsync(2);
        Assert.Equal("LogMessage", v2.Received[0].Tags["__v1_type"]);
        Assert.Empty(v2.Received[1].Tags);

        Assert.Equal("a", v1.Envelopes.First().LogMessage.AppId);
        Assert.Equal(1, Interlocked.Read(ref doppler.Counters.PushedV1));
        await doppler.AssertConservationAsync();
    }

    [Fact]
    public async Task Emitters_InParallel_LoseNothingOfTheTotal()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await StartAsync(doppler);
        Parallel.For(0, 8, _ =>
        {
            using var emitter = new Emitter(agent);
            for (var i = 0; i < 25; i++)
            {
                emitter.Send(Counter("c", 1));
            }
        });
        await doppler.WaitForAsync(got => got.Count == 200, "all envelopes");

        Assert.Equal(Enumerable.Range(1, 200).Select(i => (ulong)i), doppler.Received.Select(got => V2(got).Counter.Total));
    }

    [Fact]
    public async Task OriginalDopplers_EachGetTheVersionThatCame_AndOneTrafficControllerReadsThemAll()
    {
        const int Lines = 200; // of each version
        await using var one = await OriginalDoppler.StartAsync();
        await using var two = await OriginalDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([], options => (options.Dopplers, options.OriginalDopplers) = ([], [one.Address, two.Address]));
        using var tail = await RawWebSocket.OpenAsync(host.HttpPort, "/apps/app/stream", TestContext.Current.CancellationToken);
        using var sse = await SseClient.OpenAsync(host.Http, "/v2/read?log&source_id=app");
        await Eventually.TrueAsync(() => one is { Subscriptions: 1, Receivers: 1 } && two is { Subscriptions: 1, Receivers: 1 }, "both are read");
        await using (var agent = await AgentHost.StartAsync(o =>
            (o.Dopplers, o.OriginalDopplers, o.PushV1, o.Lanes) = ([one.Address, two.Address], true, true, 4)))
        {
            using var emitter = new Emitter(agent);
            for (var i = 0; i < Lines; i++)
            {
                emitter.Send(SomeV1.Log("app", $"{Lines + i}"));
                await agent.SendAsync(AgentHost.Logs("app", i, 1));
            }

            List<string> read = [];
            while (read.Count < 2 * Lines)
            {
                read.Add(V1Reader.NameOf(Envelope.Parser.ParseFrom(await tail.ReadAsync(ClientFrame.Binary, TestContext.Current.CancellationToken))));
            }

            string[] all = [.. Enumerable.Range(0, 2 * Lines).Select(i => $"{i}").Order()];
            Assert.Equal(all, read.Order());
            Assert.Equal(all, (await sse.ReadLogsAsync(2 * Lines)).Order());
        }

        Assert.Equal((Lines, Lines), (one.Pushed + two.Pushed, one.Batched + two.Batched));
    }

    private static Task<AgentHost> StartAsync(AgentFakeDoppler doppler, bool tags = false) => AgentHost.StartAsync(options =>
    {
        options.Dopplers = [doppler.Address];
        if (tags)
        {
            options.Tags = new() { ["deployment"] = "host-dep", ["job"] = "host-job", ["index"] = "host-index", ["ip"] = "host-ip", ["other"] = "x" };
        }
    });

    private static Protocol.V2.Envelope V2(AgentFakeDoppler.Got got) => Protocol.V2.Envelope.Parser.ParseFrom(got.Bytes);

    private static Envelope Counter(string name, ulong delta, ulong? total = null, string origin = "o", (string Key, string Value)? tag = null)
    {
        var envelope = SomeV1.Counter(name);
        envelope.Origin = origin;
        envelope.CounterEvent.Delta = delta;
        if (total is { } set)
        {
            envelope.CounterEvent.Total = set;
        }

        if (tag is { } added)
        {
            envelope.Tags.Add(added.Key, added.Value);
        }

        return envelope;
    }

    /// <summary>An emitter's socket.</summary>
    private sealed class Emitter(AgentHost agent) : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

        public void Send(Envelope envelope) => Send(envelope.ToByteArray());

        public void Send(byte[] datagram) => _socket.SendTo(datagram, agent.Udp);

        public void Dispose() => _socket.Dispose();
    }
}
