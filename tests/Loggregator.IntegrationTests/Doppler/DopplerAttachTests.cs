using System.Globalization;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

public sealed class DopplerAttachTests : DopplerTest
{
    private const ulong Plenty = 1UL << 40;

    [Fact]
    public async Task Subscriptions_ShareTheStreamAndGetTheirOwn()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() }, Credit = Plenty });
        await client.OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs("b") }, Credit = Plenty });
        await _doppler.SendAsync(Some.Log("a", "1"), Some.Log("b", "2"), Some.Log("a", "3"));
        await client.UntilAsync(() => client.Of(1).Count == 3);

        Assert.Equal(["1", "2", "3"], client.Of(1));
        Assert.Equal(["2"], client.Of(2));
        await client.CloseAsync(2);
        await _doppler.SendAsync(Some.Log("b", "4"));
        await client.UntilAsync(() => client.Of(1).Count == 4);
        Assert.Single(client.Of(2));
    }

    [Fact]
    public async Task Subscription_WithoutCredit_WaitsAndItsNeighbourDoesNot()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() }, Credit = 1000 });
        await client.OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs() }, Credit = Plenty });
        for (var batch = 0; batch < 10; batch++)
        {
            await _doppler.SendAsync([.. Numbered("a", batch * 100, 100)]);
        }

        await client.UntilAsync(() => client.Of(2).Count == 1000);
        Assert.InRange(client.Of(1).Count, 1, 999);
        await client.GrantAsync(1, Plenty);
        await client.UntilAsync(() => client.Of(1).Count == 1000);

        Assert.Equal(client.Of(2), client.Of(1));
        Assert.InRange(client.LargestFrame, 1, 70 * 1024);
    }

    [Fact]
    public async Task HistoryThenLive_UnderLoad_HasNeitherGapNorDuplicate()
    {
        using var client = await AttachClient.ConnectAsync(_doppler);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(DopplerHost.Patience);
        var sent = 0;
        var sending = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await _doppler.SendAsync([.. Numbered("a", sent, 50)]);
                    sent += 50;
                }
            },
            DopplerHost.Patience);
        await DopplerHost.UntilAsync(() => Volatile.Read(ref sent) > 1000, "there is history");
        for (uint id = 1; id <= 20; id++)
        {
            await client.OpenAsync(new Open { Subscription = id, Selectors = { Some.Logs("a") }, Start = new Start { Last = 100 * id }, Credit = Plenty });
        }

        await stop.CancelAsync();
        await sending;
        await client.UntilAsync(() => Enumerable.Range(1, 20).All(id => client.Newest((uint)id) == (sent - 1).ToString(CultureInfo.InvariantCulture)));
        for (uint id = 1; id <= 20; id++)
        {
            var numbers = client.Of(id).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(Enumerable.Range(numbers[0], sent - numbers[0]), numbers);
            var opened = client.Opened[id];
            Assert.Equal(Math.Min(100 * id, opened.LivePosition - 1), opened.LivePosition - opened.FirstPosition);
        }
    }

    [Fact]
    public async Task History_OfAQuietSource_IsSeenToBeOver()
    {
        await _doppler.SendAsync(Some.Log("quiet", "1"));
        await _doppler.SendAsync([.. Numbered("other", 0, 100)]);
        using var client = await AttachClient.ConnectAsync(_doppler);
        var opened = await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs("quiet") }, Start = new Start { Last = 10 }, Credit = Plenty });
        await client.UntilAsync(() => client.Positions.GetValueOrDefault(1u) >= opened.LivePosition);

        Assert.Equal(["1"], client.Of(1));
    }

    [Fact]
    public async Task Cursor_OfThisIncarnation_ResumesAndOfAnother_StartsWithTheOldest()
    {
        await _doppler.SendAsync([.. Numbered("a", 0, 10)]);
        using var client = await AttachClient.ConnectAsync(_doppler);
        var start = new Start { After = 6, Incarnation = client.Hello!.Incarnation };
        await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() }, Start = start, Credit = Plenty });
        var other = new Start { After = 6, Incarnation = 1 };
        await client.OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs() }, Start = other, Credit = Plenty });
        await client.UntilAsync(() => client.Of(1).Count == 5 && client.Of(2).Count == 10);

        Assert.Equal("5", client.Of(1)[0]);
    }

    [Fact]
    public async Task Subscription_ThatMissedSomething_IsToldBeforeItGoesOn()
    {
        await using var doppler = await DopplerHost.StartAsync(options => options.LogBytes = 1024 * 1024);
        using var client = await AttachClient.ConnectAsync(doppler);
        await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs("a") }, Credit = 0 });
        for (var batch = 0; batch < 300; batch++)
        {
            await doppler.SendAsync([.. Numbered("a", batch * 100, 100)]);
        }

        await client.GrantAsync(1, Plenty);
        await client.UntilAsync(() => client.Newest(1) == "29999");
        var lost = client.Gaps.Sum(gap => (long)gap.Count);

        Assert.True(lost > 0);
        Assert.Equal(30_000, lost + client.Of(1).Count);
        Assert.All(client.Gaps, gap => Assert.Equal((1u, "a", "doppler", "evicted"), (gap.Subscription, gap.SourceId, gap.Hop, gap.Reason)));
        await doppler.AssertConservationAsync();
    }

    [Fact]
    public async Task GroupBySource_KeepsASourceAtOneMember()
    {
        using var first = await AttachClient.ConnectAsync(_doppler);
        using var second = await AttachClient.ConnectAsync(_doppler);
        await first.OpenAsync(Member("m1"));
        await second.OpenAsync(Member("m2"));
        var refused = await second.OpenAsync(new Open { Subscription = 9, Selectors = { Some.Logs() }, ShardId = "g", Sharing = Sharing.BySource });
        await _doppler.SendAsync([.. Enumerable.Range(0, 1000).Select(i => Some.Log("s" + (i % 50), "s" + (i % 50)))]);
        await DopplerHost.UntilAsync(() => _doppler.Counters.Delivery.Written == 1000, "the group has been served");
        await _doppler.SendAsync(Some.Log("end", "end"));
        await first.OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs("end") }, Start = new Start { Last = 1 }, Credit = Plenty });
        await second.OpenAsync(new Open { Subscription = 2, Selectors = { Some.Logs("end") }, Start = new Start { Last = 1 }, Credit = Plenty });
        await first.UntilAsync(() => first.Of(2).Count == 1);
        await second.UntilAsync(() => second.Of(2).Count == 1);

        Assert.NotEmpty(refused.Error);
        var (one, two) = (first.Of(1).Where(text => text != "end").ToArray(), second.Of(1).Where(text => text != "end").ToArray());
        Assert.Equal(1000, one.Length + two.Length);
        Assert.Empty(one.Intersect(two));
        Assert.NotEmpty(one);
        Assert.NotEmpty(two);
    }

    [Fact]
    public async Task HeldSources_AreAnnouncedWithTheHello()
    {
        await _doppler.SendAsync([.. Enumerable.Range(0, 100).Select(i => Some.Log("s" + i, "x"))]);
        using var client = await AttachClient.ConnectAsync(_doppler);

        Assert.NotNull(client.Held);
        Assert.False(client.Held.All);
        Assert.All(Enumerable.Range(0, 100), i => Assert.True(HeldFilter.MayHold(client.Held.Filter.Span, (int)client.Held.Hashes, System.Text.Encoding.UTF8.GetBytes("s" + i))));
        Assert.False(HeldFilter.MayHold(client.Held.Filter.Span, (int)client.Held.Hashes, "never-heard-of"u8));
        Assert.Equal(101ul, client.Held.Position); // the first is 1
    }

    [Fact]
    public async Task PlannedStop_IsAnnouncedAndTheStreamEndsWhenEverythingIsRead()
    {
        var doppler = await DopplerHost.StartAsync();
        using var client = await AttachClient.ConnectAsync(doppler);
        await client.OpenAsync(new Open { Subscription = 1, Selectors = { Some.Logs() }, Credit = Plenty });
        await doppler.SendAsync([.. Numbered("a", 0, 2000)]);
        var stopping = doppler.App.StopAsync(DopplerHost.Patience);
        await client.UntilAsync(() => client.ReadOut);
        client.Dispose();
        await stopping;
        Assert.True(client.Leaving);
        Assert.Equal(2000, client.Of(1).Count);
        await doppler.DisposeAsync();
    }

    [Fact]
    public async Task Read_OfARange_AnswersExactlyAndNamesTheDoppler()
    {
        var envelopes = Numbered("a", 0, 100).ToArray();
        for (var i = 0; i < envelopes.Length; i++)
        {
            envelopes[i].Timestamp = i;
        }

        await _doppler.SendAsync([.. envelopes, Some.Log("b", "no")]);
        var client = new Loggregator.Protocol.Internal.Doppler.DopplerClient(_doppler.Channel());

        var middle = await ReadAsync(client, new ReadRequest { Selectors = { Some.Logs("a") }, StartTime = 10, EndTime = 20 });
        Assert.Equal(Enumerable.Range(10, 10).Select(i => i.ToString(CultureInfo.InvariantCulture)), middle);
        var newest = await ReadAsync(client, new ReadRequest { Selectors = { Some.Logs("a"), Some.Logs() }, Limit = 4, EndTime = 50 });
        Assert.Equal(["47", "48", "49", "no"], newest); // those of a match both selectors and count once
        Assert.Equal(101, (await ReadAsync(client, new ReadRequest { Selectors = { Some.Logs() } })).Count);
        Assert.Empty(await ReadAsync(client, new ReadRequest { Selectors = { Some.Logs("nobody") } }));
    }

    [Fact]
    public async Task Sources_TellWhoSendsAndWhatIsHeld()
    {
        await _doppler.SendAsync([.. Numbered("a", 0, 10), Some.Counter("b", "c")]);
        var client = new Loggregator.Protocol.Internal.Doppler.DopplerClient(_doppler.Channel());
        using var call = client.Sources(new SourcesRequest(), cancellationToken: DopplerHost.Patience);
        Assert.True(await call.ResponseStream.MoveNext(DopplerHost.Patience));
        var sources = call.ResponseStream.Current.Sources.ToDictionary(source => source.SourceId);

        Assert.Equal(10UL, sources["a"].HeldEnvelopes);
        Assert.Equal(1UL, sources["b"].ByType[2]);
        Assert.NotEmpty(call.ResponseStream.Current.DopplerId);
    }

    private static Open Member(string name) => new()
    {
        Subscription = 1,
        Selectors = { Some.Logs() },
        ShardId = "g",
        Sharing = Sharing.BySource,
        Member = name,
        Credit = Plenty,
    };

    private static IEnumerable<Envelope> Numbered(string source, int from, int count) =>
        Enumerable.Range(from, count).Select(i => Some.Log(source, i.ToString(CultureInfo.InvariantCulture)));

    private static async Task<List<string>> ReadAsync(Loggregator.Protocol.Internal.Doppler.DopplerClient client, ReadRequest request)
    {
        using var call = client.Read(request, cancellationToken: DopplerHost.Patience);
        List<string> logs = [];
        while (await call.ResponseStream.MoveNext(DopplerHost.Patience))
        {
            var frame = call.ResponseStream.Current;
            Assert.NotEmpty(frame.DopplerId);
            Assert.NotEqual(0UL, frame.NextPosition);
            logs.AddRange(frame.Batch.Select(envelope => envelope.Log.Payload.ToStringUtf8()));
        }

        return logs;
    }
}
