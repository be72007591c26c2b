using System.Net.Sockets;
using Grpc.Core;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

public sealed class ReverseLogProxyTests
{
    private static readonly Selector Logs = new() { Log = new LogSelector() };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_OverTheLimit_IsRefusedBeforeSelectorsAreLookedAt(bool batched)
    {
        await using var host = await TrafficControllerHost.StartAsync([], options => options.MaxEgressStreams = 0);
        var e = await Assert.ThrowsAsync<RpcException>(() => FirstAsync(host, new EgressBatchRequest(), batched));
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal("unable to create stream, max egress streams reached: 0", e.Status.Detail);
        Assert.Equal(1, host.Counters.RejectedStreams);
        Assert.Equal(0, host.Counters.GrpcStreams);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_WithoutSelectors_IsInvalid(bool batched)
    {
        await using var host = await TrafficControllerHost.StartAsync([]);
        var e = await Assert.ThrowsAsync<RpcException>(() => FirstAsync(host, new EgressBatchRequest(), batched));
        Assert.Equal((StatusCode.InvalidArgument, "Selectors cannot be empty"), (e.StatusCode, e.Status.Detail));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Stream_SelectorWithoutMessage_IsInvalid(bool batched, bool legacy)
    {
        await using var host = await TrafficControllerHost.StartAsync([]);
        var request = new EgressBatchRequest();
        if (legacy)
        {
            request.LegacySelector = new Selector { SourceId = "a" };
        }
        else
        {
            request.Selectors.Add(Logs);
            request.Selectors.Add(new Selector { SourceId = "a" });
        }

        var e = await Assert.ThrowsAsync<RpcException>(() => FirstAsync(host, request, batched));
        Assert.Equal((StatusCode.InvalidArgument, "Selectors must have a Message"), (e.StatusCode, e.Status.Detail));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_TenEnvelopes_DeliversTenInOrder(bool batched)
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using (var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs }, UsePreferredTags = true }, batched))
        {
            await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
            doppler.Append(Sample.Logs("a", 0, 10));
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a-{i}"), (await reader.ReadAsync(10)).Select(Sample.Text));
            await Eventually.TrueAsync(() => host.Counters.Written == 10, "ten are written");
            Assert.Equal(1, host.Counters.GrpcStreams);
        }

        await Eventually.TrueAsync(() => host.Counters.GrpcStreams == 0 && doppler.Subscriptions == 0, "the subscription is closed");
        host.AssertConservation();
        Assert.Equal(1, doppler.Attachments);
    }

    [Fact]
    public async Task Stream_LegacyAndNewSelectors_OnlyTheNewCount()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = new EgressReader(
            host, new EgressBatchRequest { Selectors = { Logs }, LegacySelector = new Selector { Event = new EventSelector() }, ShardId = "s", DeterministicName = "d" });
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        var open = Assert.Single(doppler.Opens);
        Assert.Equal(Logs, Assert.Single(open.Selectors));
        Assert.Equal(("s", "d"), (open.ShardId, open.DeterministicName));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_LegacySelectorAlone_BecomesTheOnlySelector(bool batched)
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        var request = new EgressBatchRequest { LegacySelector = new Selector { SourceId = "a", Log = new LogSelector() }, ShardId = "s", DeterministicName = "d" };
        using var reader = new EgressReader(host, request, batched);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        var open = Assert.Single(doppler.Opens);
        Assert.Equal(request.LegacySelector, Assert.Single(open.Selectors));
        Assert.Equal("d", open.DeterministicName);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Stream_Tags_ConvergeToTheKindAskedFor(bool batched, bool preferred)
    {
        var mixed = new Envelope
        {
            Log = new Log(),
            Tags = { ["a"] = "value-a" },
            DeprecatedTags =
            {
                ["b"] = new Value { Decimal = 0.8 }, ["c"] = new Value { Integer = 18 }, ["d"] = new Value { Text = "value-d" },
            },
        };
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs }, UsePreferredTags = preferred }, batched);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Google.Protobuf.MessageExtensions.ToByteArray(mixed));
        var got = Assert.Single(await reader.ReadAsync(1));
        if (preferred)
        {
            Assert.Empty(got.DeprecatedTags);
            Assert.Equal(["value-a", "0.8", "18", "value-d"], got.Tags.OrderBy(tag => tag.Key).Select(tag => tag.Value));
        }
        else
        {
            Assert.Empty(got.Tags);
            Assert.Equal("value-a", got.DeprecatedTags["a"].Text);
            Assert.Equal(0.8, got.DeprecatedTags["b"].Decimal);
            Assert.Equal(18, got.DeprecatedTags["c"].Integer);
            Assert.Equal("value-d", got.DeprecatedTags["d"].Text);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_SelectorTwice_DeliversTwice(bool batched)
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs, Logs } }, batched);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Logs("a", 0, 2));
        Assert.Equal(["a-0", "a-0", "a-1", "a-1"], (await reader.ReadAsync(4)).Select(Sample.Text));
    }

    [Fact]
    public async Task Stream_EnvelopeOfFiveMebibytes_IsDroppedAndTold()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using (var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs, new Selector { Counter = new CounterSelector() } } }))
        {
            await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
            doppler.Append(Sample.Log("a", "before"), Sample.BigLog("a", 5 * 1024 * 1024), Sample.Log("a", "behind"));
            var got = await reader.ReadAsync(3);
            Assert.Equal(["before", "behind"], got.Where(e => e.Log is not null).Select(Sample.Text));
            var gap = Assert.Single(got, e => e.Counter is not null);
            Assert.Equal(("a", "dropped", 1ul), (gap.SourceId, gap.Counter.Name, gap.Counter.Delta));
            Assert.Equal("too_large", gap.DeprecatedTags["reason"].Text);
            Assert.Equal("traffic-controller", gap.DeprecatedTags["hop"].Text);
        }

        await Eventually.TrueAsync(() => host.Counters.GrpcStreams == 0, "the stream is over");
        Assert.Equal(1, host.Counters.DroppedTooLarge);
        host.AssertConservation();
    }

    [Fact]
    public async Task Stream_RoleStops_FlushesAndEndsOk()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs } });
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Logs("a", 0, 3));
        await Eventually.TrueAsync(() => host.Counters.Matched == 3, "three have arrived");
        var stopping = host.StopAsync();
        Assert.Equal(3, (await reader.ReadAsync(3)).Count);
        Assert.False(await reader.MoveNextAsync());
        await stopping;
        Assert.Equal(0, host.Counters.Dropped);
    }

    [Fact]
    public async Task Stream_DopplerAppearsLater_BringsItsEnvelopesToo()
    {
        await using var first = await FakeDoppler.StartAsync();
        await using var second = await FakeDoppler.StartAsync();
        await second.KillAsync();
        await using var host = await TrafficControllerHost.StartAsync([first, second], wait: false);
        await Eventually.TrueAsync(() => host.Counters.DopplersAttached == 1, "the first is attached");
        using var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs }, ShardId = "s" });
        await Eventually.TrueAsync(() => first.Subscriptions == 1, "the subscription is open at the first");
        await second.ListenAsync();
        await Eventually.TrueAsync(() => second.Subscriptions == 1, "the subscription is open at the second");
        Assert.Equal(first.Opens.Single().Selectors, second.Opens.Single().Selectors);
        Assert.Equal("s", second.Opens.Single().ShardId);
        first.Append(Sample.Log("a", "one"));
        second.Append(Sample.Log("b", "two"));
        Assert.Equal(["one", "two"], (await reader.ReadAsync(2)).Select(Sample.Text).Order());
        Assert.Equal(2, host.Counters.DopplerConnects);
    }

    [Fact]
    public async Task Receiver_StuckReader_HoldsItsCreditAndNoMore()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.ClientBytes = 64 * 1024);
        using var stuck = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs } }, batched: false);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        var payload = new string('x', 1000);
        doppler.Append([.. Enumerable.Range(0, 20_000).Select(i => Sample.Log("a", payload, i + 1))]);
        await Eventually.TrueAsync(() => host.Counters.Held > 0, "something is held");
        Assert.True(host.Counters.Held * 1000 < 256 * 1024, $"{host.Counters.Held} envelopes are held.");
        Assert.Equal(20_000, (await stuck.ReadAsync(20_000)).Count);
        host.AssertConservation();
    }

    [Fact]
    public async Task GrpcPort_Garbage_DoesNotHurtOthers()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var garbage = new TcpClient();
        await garbage.ConnectAsync("127.0.0.1", new Uri("http://" + host.Channel.Target).Port, TestContext.Current.CancellationToken);
        await garbage.GetStream().WriteAsync(new byte[4096], TestContext.Current.CancellationToken);
        using var reader = new EgressReader(host, new EgressBatchRequest { Selectors = { Logs } });
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Log("a", "fine"));
        Assert.Equal("fine", Sample.Text(Assert.Single(await reader.ReadAsync(1))));
    }

    private static async Task<Envelope> FirstAsync(TrafficControllerHost host, EgressBatchRequest request, bool batched)
    {
        using var reader = new EgressReader(host, request, batched);
        return (await reader.ReadAsync(1))[0];
    }
}
