using Google.Protobuf;
using Grpc.Core;
using Loggregator.Protocol.Internal;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.Attach;

public sealed class AttachAbuseTests
{
    private const ulong Plenty = 1024 * 1024;

    [Fact]
    public async Task Request_ThatIsNoProtobuf_EndsItsStreamAlone()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var good = await AttachReader.ConnectAsync(host.Channel);
        var part = await good.OpenAsync(AttachReader.Logs(1, Plenty));
        using (var bad = await AttachReader.ConnectAsync(host.Channel))
        {
            await bad.OpenAsync(AttachReader.Logs(1, Plenty));
            await bad.SendAsync([0x0A, 0xFF, 0xFF, 0xFF]);
            var e = await Assert.ThrowsAsync<RpcException>(() => bad.UntilAsync(() => false));
            Assert.Equal((StatusCode.InvalidArgument, "The AttachRequest is malformed."), (e.StatusCode, e.Status.Detail));
        }

        await Eventually.TrueAsync(() => host.Counters.AttachSubscriptions == 1 && doppler.Subscriptions == 1, "the bad one is gone");
        doppler.Append(Sample.Log("a", "x"));
        await good.UntilAsync(() => part.Texts.Count == 1);
        host.AssertConservation();
    }

    [Fact]
    public async Task Requests_ThatWereDamaged_HarmNobodyButTheirStream()
    {
        var random = new Random(8083);
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var good = await AttachReader.ConnectAsync(host.Channel);
        var part = await good.OpenAsync(AttachReader.Logs(1, Plenty));
        var valid = new AttachRequest { Open = AttachReader.Logs(1, Plenty, "a", "b") };
        valid.Open.Start = new Start { Last = 10 };
        for (var round = 0; round < 100; round++)
        {
            using var bad = await AttachReader.ConnectAsync(host.Channel);
            var bytes = valid.ToByteArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            await bad.SendAsync(bytes[..random.Next(1, bytes.Length + 1)]);
        }

        await Eventually.TrueAsync(() => host.Counters.AttachSubscriptions == 1, "all but the good one are gone");
        doppler.Append(Sample.Log("a", "x"));
        await good.UntilAsync(() => part.Texts.Count == 1);
        await good.CompleteAsync();
        await Eventually.TrueAsync(() => host.Counters is { AttachSubscriptions: 0, Held: 0 }, "the good one has ended");
        host.AssertConservation();
    }

    [Theory]
    [InlineData(0, "A subscription's number is 1 or more.")]
    [InlineData(1, "Give at least one selector, or a filter of v1.")]
    [InlineData(2, "A member of a group by source needs a name.")]
    [InlineData(3, "A Traffic Controller's positions are cursors: give start.cursor.")]
    [InlineData(5, "start.cursor is not one of ours.")]
    [InlineData(6, "A subscription cannot change between v1 and v2.")]
    [InlineData(7, "A Traffic Controller keeps no marks: attach to the Dopplers to acknowledge.")]
    public async Task Open_ThatCannotBeServed_IsRefusedWithTheReason_AndTheStreamGoesOn(int which, string error)
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(7, Plenty));
        var open = AttachReader.Logs(which == 6 ? 7u : which == 0 ? 0 : 1u, Plenty, "a");
        switch (which)
        {
            case 1:
                open.Selectors.Clear();
                break;
            case 2:
                (open.ShardId, open.Sharing) = ("s", Protocol.Internal.Sharing.BySource);
                break;
            case 3:
                open.Start = new Start { After = 3 };
                break;
            case 5:
                open.Start = new Start { Cursor = "bm8gY3Vyc29y" };
                break;
            case 7:
                (open.ShardId, open.Sharing, open.Member, open.Acknowledged) = ("s", Protocol.Internal.Sharing.BySource, "m", true);
                break;
            case 6:
                open.V1 = new Protocol.Plumbing.Filter();
                break;
            default:
                break;
        }

        Assert.Equal(error, (await reader.OpenAsync(open)).Answer!.Error);
        part.V1 = false; // it goes on as it was
        part.Answer!.Error = "";
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the first is open");
        doppler.Append(Sample.Log("a", "x"));
        await reader.UntilAsync(() => part.Texts.Count == 1);
        Assert.Equal(1, host.Counters.AttachSubscriptions);
    }

    [Fact]
    public async Task Requests_ForSubscriptionsThatAreNotThere_AreLeftAlone()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        await reader.GrantAsync(4, Plenty);
        await reader.SendAsync([]); // asks nothing
        await reader.SendAsync([0xFA, 0x07, 0x00]); // asks what only a later version knows
        await reader.CloseAsync(4);
        var part = await reader.OpenAsync(AttachReader.Logs(1, Plenty));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        doppler.Append(Sample.Log("a", "x"));
        await reader.UntilAsync(() => part.Texts.Count == 1);
    }

    [Fact]
    public async Task Credit_BeyondAllBounds_IsPlenty_AndNegativeNumbersAreThat()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(1, ulong.MaxValue));
        await reader.GrantAsync(1, unchecked((ulong)-5));
        await reader.GrantAsync(1, long.MaxValue);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        doppler.Append(Sample.Logs("a", 0, 1000));
        await reader.UntilAsync(() => part.Texts.Count == 1000);
    }

    [Fact]
    public async Task Subscriptions_UpToTheLimitOfAllStreams_AreServed_AndMoreAreRefused()
    {
        const uint Limit = 10_000;
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        using var other = await AttachReader.ConnectAsync(host.Channel);
        for (var id = 1u; id < Limit; id++)
        {
            await reader.SendAsync(new AttachRequest { Open = AttachReader.Logs(id, Plenty, id % 2 == 0 ? "a" : "b") });
        }

        await reader.UntilAsync(() => reader.Of(Limit - 1).Answer is not null);
        Assert.Equal("", (await other.OpenAsync(AttachReader.Logs(1, Plenty, "a"))).Answer!.Error);
        Assert.Equal("There are 10000 subscriptions already.", (await reader.OpenAsync(AttachReader.Logs(Limit + 1, Plenty))).Answer!.Error);
        Assert.Equal("There are 10000 subscriptions already.", (await other.OpenAsync(AttachReader.Logs(2, Plenty))).Answer!.Error);
        Assert.Equal((2L, 10_000L), (host.Counters.RejectedStreams, host.Counters.AttachSubscriptions));
        Assert.Equal(2, doppler.Subscriptions);

        await reader.CloseAsync(1);
        Assert.Equal("", (await other.OpenAsync(AttachReader.Logs(3, Plenty, "a"))).Answer!.Error);
        for (var id = 2u; id < Limit; id++)
        {
            reader.Of(id).Granted = long.MaxValue;
        }

        doppler.Append(Sample.Log("a", "x"));
        await reader.UntilAsync(() => Enumerable.Range(2, (int)Limit - 2).All(id => reader.Of((uint)id).Texts.Count == 1 - (id % 2)));
        Assert.True(reader.Frames < Limit / 4, $"{reader.Frames} frames for {Limit / 2} readers: they do not share any.");
        await reader.CompleteAsync();
        await other.CompleteAsync();
        await Eventually.TrueAsync(() => host.Counters is { AttachSubscriptions: 0, Held: 0 } && doppler.Subscriptions == 0, "all are closed");
        host.AssertConservation();
    }

    [Fact]
    public async Task Stream_BeyondTheLimitOfStreams_IsRefused()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.MaxEgressStreams = 1);
        using (await AttachReader.ConnectAsync(host.Channel))
        {
            var e = await Assert.ThrowsAsync<RpcException>(() => AttachReader.ConnectAsync(host.Channel));
            Assert.Equal((StatusCode.ResourceExhausted, "unable to create stream, max egress streams reached: 1"), (e.StatusCode, e.Status.Detail));
        }
    }

    [Fact]
    public async Task Client_ThatDoesNotReadItsTransport_IsCutOff_AndAnotherGoesOn()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.WriteTimeout = TimeSpan.FromSeconds(5)); // a reader that gets no time on a loaded machine is not stuck
        using var stuck = await AttachReader.ConnectAsync(host.Channel);
        await stuck.OpenAsync(AttachReader.Logs(1, ulong.MaxValue));
        using var other = await SseClient.OpenAsync(host.Http, "/v2/stream?log");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "both are open");
        for (var i = 0; i < 400; i++)
        {
            doppler.Append([.. Enumerable.Range(i * 100, 100).Select(n => Sample.Log("a", $"{n}:{new string('x', 1000)}", n))]);
            await Eventually.WithinAsync(other.ReadLogsAsync(100), $"all of round {i} for the other; {host.Counters.StalledStreams} streams have stalled");
        }

        await Eventually.TrueAsync(() => host.Counters.AttachSubscriptions == 0, "it is cut off");
        Assert.Equal(1, host.Counters.StalledStreams);
        await Eventually.TrueAsync(() => host.Counters.Held == 0, "nothing is held for it");
        Assert.True(host.Counters.DroppedPeerGone > 0);
        host.AssertConservation();
    }

    [Fact]
    public async Task TrafficController_ListedAsADoppler_IsRefusedInWords()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var first = await TrafficControllerHost.StartAsync([doppler]);
        await using var second = await TrafficControllerHost.StartAsync(
            [], options => options.Dopplers = [first.Channel.Target], wait: false);
        await Eventually.TrueAsync(() => second.Dopplers.Nodes is [{ Tried: true }], "it was tried");
        Assert.Equal(0, second.Counters.DopplersAttached);
    }
}
