using System.Globalization;
using Loggregator.Pipeline.Groups;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>Subscriptions that acknowledge, as they are on the wire.</summary>
public sealed class DopplerAckTests : IAsyncLifetime
{
    private DopplerHost _doppler = null!;

    public async ValueTask InitializeAsync() => _doppler = await DopplerHost.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _doppler.AssertConservationAsync();
        await _doppler.DisposeAsync();
    }

    [Fact]
    public async Task Envelopes_CarryTheirPositions_AndAreHeldUntilAcknowledged()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        using var plain = await AttachClient.ConnectAsync(_doppler);
        var opened = await client.OpenAsync(Member());
        await plain.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() }, Credit = 1 << 30 });
        await _doppler.SendAsync(Some.Log("a", "0"), Some.Counter("a", "c"), Some.Log("b", "1"), Some.Log("a", "2"));
        await client.UntilAsync(() => client.Of(1).Count == 3);
        await plain.UntilAsync(() => plain.Of(1).Count == 3);

        Assert.True(opened.NewGroup);
        Assert.Equal([1UL, 3, 4], client.EnvelopePositions[1]);
        Assert.Empty(plain.EnvelopePositions);
        Assert.Equal(3, Group().Held);
        await client.AckAsync(1, 2);
        await DopplerHost.UntilAsync(() => Group() is { Acknowledged: 2, Held: 1 }, "two are acknowledged");
    }

    [Fact]
    public async Task Member_WhoseStreamBreaks_HasTheRestSentToTheNextOne()
    {
        using (var first = await AttachClient.ConnectAsync(_doppler))
        {
            await first.OpenAsync(Member());
            await _doppler.SendAsync([.. Enumerable.Range(0, 10).Select(i => Some.Log("a", i.ToString(CultureInfo.InvariantCulture)))]);
            await first.UntilAsync(() => first.Of(1).Count == 10);
            await first.AckAsync(1, 4);
            await DopplerHost.UntilAsync(() => Group().Acknowledged == 4, "four are acknowledged");
        }

        await DopplerHost.UntilAsync(() => Group().Members == 0, "the first member has gone");
        using var second = await AttachClient.ConnectAsync(_doppler);
        var opened = await second.OpenAsync(Member("second"));
        await second.UntilAsync(() => second.Of(1).Count == 6);

        Assert.False(opened.NewGroup);
        Assert.Equal(5UL, opened.FirstPosition);
        Assert.Equal(["4", "5", "6", "7", "8", "9"], second.Of(1));
        Assert.Equal(6, Group().Resent);
    }

    [Theory]
    [InlineData(3, 0, false, "3 envelopes were acknowledged, and 2 were sent.")]
    [InlineData(1, 7, false, "7 gaps were acknowledged, and 0 were told.")]
    [InlineData(int.MaxValue, 0, false, "2147483647 envelopes were acknowledged, and 2 were sent.")]
    [InlineData(-1, 0, false, "9223372036854775807 envelopes were acknowledged, and 2 were sent.")]
    [InlineData(1, 0, true, "The acknowledgement is for another run of the Doppler.")]
    public async Task Acknowledgement_ThatCannotBe_EndsTheSubscription_AndNothingIsTakenForStored(int envelopes, int gaps, bool foreign, string error)
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        await client.OpenAsync(Member());
        await _doppler.SendAsync(Some.Log("a", "0"), Some.Log("a", "1"));
        await client.UntilAsync(() => client.Of(1).Count == 2);
        await client.AckAsync(1, envelopes, gaps, foreign ? 77UL : null);
        await client.UntilAsync(() => client.Ended.Count > 0);

        Assert.Equal(new Ended { Subscription = 1, Error = error }, Assert.Single(client.Ended));
        Assert.Equal((2, 0), (Group().Held, Group().Members));
        await client.AckAsync(1, 1); // of one that is ended: nothing
        var again = await client.OpenAsync(Member());
        Assert.Equal("", again.Error);
        await client.UntilAsync(() => client.Of(1).Count == 4);
    }

    [Fact]
    public async Task Acknowledgement_OfAnOrdinarySubscription_EndsIt()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() }, Credit = 1 << 30 });
        await client.AckAsync(1, 0);
        await client.UntilAsync(() => client.Ended.Count > 0);

        Assert.Equal("The subscription does not acknowledge.", client.Ended[0].Error);
    }

    [Fact]
    public async Task Requests_ThatNoGroupCanServe_AreRefusedWithTheReason()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        async Task<string> RefusalAsync(Action<Open> change)
        {
            var open = Member();
            change(open);
            return (await client.OpenAsync(open)).Error;
        }

        Assert.Equal("Who acknowledges is a member of a group by source.", await RefusalAsync(open => open.ShardId = ""));
        Assert.Equal("Who acknowledges is a member of a group by source.", await RefusalAsync(open => open.Sharing = Sharing.Original));
        Assert.Equal("A member of a group by source needs a name.", await RefusalAsync(open => open.Member = ""));
        Assert.Equal("A group that acknowledges starts now, at a time or at a position.", await RefusalAsync(open => open.Start = new Start { Last = 5 }));
        Assert.Equal("Who acknowledges takes envelopes of every size.", await RefusalAsync(open => open.MaxEnvelopeBytes = 5));
        Assert.Equal(
            "The shard id of a group that acknowledges has at most 256 bytes.", await RefusalAsync(open => open.ShardId = new string('x', 257)));
        Assert.Equal("", await RefusalAsync(open => open.ShardId = new string('x', 256)));
        Assert.Equal("A subscription that acknowledges cannot be changed: close it first.", await RefusalAsync(_ => { }));
    }

    [Fact]
    public async Task Groups_AreBounded()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        var most = new GroupLimits().MaxGroups;
        for (uint id = 1; id <= most; id++)
        {
            Assert.Equal("", (await client.OpenAsync(Member(shard: "group-" + id, subscription: id))).Error);
        }

        Assert.Equal($"There are {most} groups that acknowledge already, each with members.", (await client.OpenAsync(Member(subscription: 1000))).Error);
        await client.CloseAsync(1);
        Assert.Equal("", (await client.OpenAsync(Member(subscription: 1000))).Error);
    }

    private static Open Member(string name = "first", string shard = "group", uint subscription = 1) => new()
    {
        Subscription = subscription,
        Selectors = { new Selector { Log = new LogSelector() } },
        ShardId = shard,
        Sharing = Sharing.BySource,
        Member = name,
        Acknowledged = true,
        Credit = 1 << 30,
    };

    private GroupReport Group() => Assert.Single(_doppler.Counters.Groups);
}
