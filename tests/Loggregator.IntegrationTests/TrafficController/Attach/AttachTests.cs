using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Plumbing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController.Attach;

public sealed class AttachTests
{
    private const ulong Plenty = 1024 * 1024;

    [Fact]
    public async Task Subscription_OverSeveralDopplers_GetsWhatAnyOfThemHas_AndACursorBehindIt()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        Assert.True(reader.Hello!.TrafficController);
        var all = await reader.OpenAsync(AttachReader.Logs(1, Plenty));
        await Eventually.TrueAsync(() => one.Subscriptions + two.Subscriptions == 2, "the subscriptions are open");

        one.Append(Sample.Logs("a", 0, 3));
        await reader.UntilAsync(() => all.Texts.Count == 3);
        two.Append(Sample.Logs("b", 0, 3));
        await reader.UntilAsync(() => all.Texts.Count == 6);
        Assert.Equal(["a-0", "a-1", "a-2", "b-0", "b-1", "b-2"], all.Texts);
        Assert.True(all.Live);

        // The same cursor goes on here, and over HTTP.
        one.Append(Sample.Logs("a", 3, 1));
        var resumed = AttachReader.Logs(2, Plenty);
        resumed.Start = new Start { Cursor = all.Cursor };
        var later = await reader.OpenAsync(resumed);
        await reader.UntilAsync(() => later.Texts.Count == 1);
        Assert.Equal(["a-3"], later.Texts);
        using var sse = await SseClient.OpenAsync(host.Http, "/v2/stream?log&cursor=" + later.Cursor);
        await sse.ReadUntilAsync("notice", "live");
        one.Append(Sample.Logs("a", 4, 1));
        Assert.Equal(["a-4"], await sse.ReadLogsAsync(1));
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Last_OverSeveralDopplers_IsTheNewestInOrder_AndLiveFollowsWithoutASeam()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        one.Append([.. Enumerable.Range(0, 20).Where(i => i % 2 == 0).Select(i => Sample.Log("a", $"a-{i}", i + 1))]);
        two.Append([.. Enumerable.Range(0, 20).Where(i => i % 2 == 1).Select(i => Sample.Log("a", $"a-{i}", i + 1))]);
        two.Append(Sample.Log("b", "other", 50));
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var open = AttachReader.Logs(1, Plenty, "a");
        open.Start = new Start { Last = 6 };
        var part = await reader.OpenAsync(open);
        await reader.UntilAsync(() => part.Live);
        one.Append(Sample.Log("a", "a-20", 21));
        await reader.UntilAsync(() => part.Texts.Count == 7);
        Assert.Equal(Enumerable.Range(14, 7).Select(i => $"a-{i}"), part.Texts);
        Assert.Equal(15, part.Notices.Find(notice => notice.History is not null)!.History.StartsAt);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Since_WithCreditForALineAtATime_GivesAllOfItInOrder()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        one.Append([.. Enumerable.Range(0, 40).Where(i => i % 3 == 0).Select(i => Sample.Log("a", $"a-{i}", i))]);
        two.Append([.. Enumerable.Range(0, 40).Where(i => i % 3 != 0).Select(i => Sample.Log("a", $"a-{i}", i))]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var open = AttachReader.Logs(1, 1, "a");
        open.Start = new Start { Since = 10 };
        var part = await reader.OpenAsync(open);
        for (var got = 1; got <= 30; got++) // the first may come with the answer
        {
            await reader.UntilAsync(() => part.Texts.Count >= got);
            Assert.Equal(got, part.Texts.Count);
            await reader.GrantAsync(1, (ulong)(part.Read - part.Granted + 1));
        }

        await reader.UntilAsync(() => part.Live);
        Assert.Equal(Enumerable.Range(10, 30).Select(i => $"a-{i}"), part.Texts);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Subscription_WithoutCredit_WaitsInTheLogAndIsToldItsLosses_WhileItsNeighbourReads()
    {
        const int Count = 4_000;
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler], options => options.ClientBytes = 128 * 1024);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var stuck = await reader.OpenAsync(AttachReader.Logs(1, 0));
        var fast = await reader.OpenAsync(AttachReader.Logs(2, Plenty), keep: true);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "they share one");
        var text = new string('x', 1000);
        for (var i = 0; i < Count; i += 100)
        {
            doppler.Append([.. Enumerable.Range(i, 100).Select(n => Sample.Log("a", $"{n}:{text}", n))]);
            await reader.UntilAsync(() => fast.Texts.Count == i + 100);
        }

        Assert.Empty(stuck.Texts);
        Assert.True(host.Counters.Held * 1000 < 512 * 1024, $"{host.Counters.Held} envelopes are held.");
        doppler.TellGap("a", 7);
        await reader.GrantAsync(1, 2 * Count * 1000);
        await reader.UntilAsync(() => stuck.Texts.Count == Count && stuck.Gaps.Count > 0);
        Assert.Equal(fast.Texts, stuck.Texts);
        Assert.Equal(("a", 7UL, "doppler", "evicted"), (stuck.Gaps[0].SourceId, stuck.Gaps[0].Count, stuck.Gaps[0].Hop, stuck.Gaps[0].Reason));
        Assert.InRange(reader.LargestFrame, 60 * 1024, 66 * 1024);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Subscriptions_OfVersion1And2_GetTheirFormEach()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Logs("app", 0, 3));
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var v2 = await reader.OpenAsync(AttachReader.Logs(1, Plenty, "app"));
        var v1 = await reader.OpenAsync(new Open
        {
            Subscription = 2,
            Credit = Plenty,
            V1 = new Filter { AppID = "app", Log = new LogFilter() },
            Start = new Start { Last = 2 },
        });
        await reader.UntilAsync(() => v1.Live);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 2, "both are open");
        doppler.Append([.. Sample.Logs("app", 3, 2), Sample.Counter("app", "c")]);
        await reader.UntilAsync(() => v1.Texts.Count == 4 && v2.Texts.Count == 2);
        Assert.Equal(["app-1", "app-2", "app-3", "app-4"], v1.Texts);
        Assert.Equal(["app-3", "app-4"], v2.Texts);
        Assert.Equal(0, host.Counters.WebSocketMatched);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Subscription_MatchedTwice_GetsEachTwice_AndPaysForBoth()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(1, Plenty, "a", ""));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        doppler.Append(Sample.Logs("a", 0, 2));
        await reader.UntilAsync(() => part.Texts.Count == 4);
        Assert.Equal(["a-0", "a-0", "a-1", "a-1"], part.Texts);
        await EndAsync(reader, host);
        Assert.Equal(4, host.Counters.Written);
    }

    [Fact]
    public async Task Subscription_Changed_GoesOnWhereItStood_AndClosed_GetsNothingMore()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(1, 1, "a"));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        doppler.Append(Sample.Log("a", "a-0"));
        await reader.UntilAsync(() => part.Texts.Count == 1); // and the credit is used up
        doppler.Append(Sample.Log("a", "a-1"), Sample.Log("b", "b-0"));
        await Eventually.TrueAsync(() => host.Counters.Held == 1, "the next has come and waits");
        await reader.OpenAsync(AttachReader.Logs(1, Plenty, "b"));
        await reader.UntilAsync(() => part.Texts.Count == 2);
        Assert.Equal(["a-0", "b-0"], part.Texts);
        Assert.Equal((1L, 0L), (host.Counters.Filtered, host.Counters.Dropped));

        await reader.CloseAsync(1);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 0 && host.Counters.AttachSubscriptions == 0, "it is closed");
        var again = await reader.OpenAsync(AttachReader.Logs(1, Plenty, "b"));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "its number is free");
        doppler.Append(Sample.Log("b", "b-1"));
        await reader.UntilAsync(() => again.Texts.Count == 1);
        Assert.Equal(["b-1"], again.Texts);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Subscription_ChangedWhileItsHistoryIsRead_GetsThatFirst()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append([.. Sample.Logs("a", 0, 5), .. Sample.Logs("b", 0, 5)]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var open = AttachReader.Logs(1, 1, "a");
        open.Start = new Start { Last = 3 };
        var part = await reader.OpenAsync(open);
        await reader.UntilAsync(() => part.Texts.Count == 1);
        await reader.OpenAsync(AttachReader.Logs(1, Plenty, "b"));
        await reader.UntilAsync(() => part.Notices.Count(notice => notice.Live) == 2);
        doppler.Append([.. Sample.Logs("a", 5, 1), .. Sample.Logs("b", 5, 1)]);
        await reader.UntilAsync(() => part.Texts.Contains("b-5"));
        Assert.Equal(["a-2", "a-3", "a-4", "b-5"], part.Texts);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Envelope_LargerThanAskedFor_IsDroppedAndTold()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var open = AttachReader.Logs(1, Plenty, "a");
        open.MaxEnvelopeBytes = 1000;
        var part = await reader.OpenAsync(open);
        var all = await reader.OpenAsync(AttachReader.Logs(2, 10 * Plenty, "a"));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        doppler.Append(Sample.Log("a", "before"), Sample.BigLog("a", 2000), Sample.BigLog("a", 3_000_000), Sample.Log("a", "after"));
        await reader.UntilAsync(() => all.Texts.Count == 4 && part.Texts.Count == 2 && part.Gaps.Sum(gap => (int)gap.Count) == 2);
        Assert.Equal(["before", "after"], part.Texts);
        Assert.All(part.Gaps, gap => Assert.Equal(("a", "traffic-controller", "too_large"), (gap.SourceId, gap.Hop, gap.Reason)));
        await EndAsync(reader, host);
        Assert.Equal(2, host.Counters.DroppedTooLarge);
    }

    [Fact]
    public async Task ShardGroup_BySource_CarriesTheClientsMemberName()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var open = AttachReader.Logs(1, Plenty);
        (open.ShardId, open.Sharing, open.Member) = ("s", Protocol.Internal.Sharing.BySource, "nozzle-0");
        await reader.OpenAsync(open);
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        Assert.True(doppler.Opens.TryDequeue(out var asked));
        Assert.Equal(("s", Protocol.Internal.Sharing.BySource, "nozzle-0"), (asked.ShardId, asked.Sharing, asked.Member));
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Doppler_LostAndRestarted_IsTold()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(1, Plenty));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "it is open");
        await doppler.KillAsync();
        await reader.UntilAsync(() => part.Notices.Exists(notice => notice.DopplerLost is { Planned: false } lost && lost.Doppler == doppler.Id));
        await doppler.RestartAsync();
        await reader.UntilAsync(() => part.Notices.Exists(notice => notice.DopplerBack is { Restarted: true } back && back.Doppler == doppler.Id));
        doppler.Append(Sample.Log("a", "new"));
        await reader.UntilAsync(() => part.Texts.Count == 1);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task OriginalDoppler_IsReadInFramesOfTheirSizeToo()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([], options =>
        {
            options.Dopplers = [];
            options.OriginalDopplers = [doppler.Address];
        });
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(1, 10 * Plenty));
        await Eventually.TrueAsync(() => doppler.Receivers == 1, "it is open");
        doppler.Append([.. Enumerable.Range(0, 300).Select(i => Sample.Log("a", $"{i}:{new string('x', 1000)}"))]); // one message
        await reader.UntilAsync(() => part.Texts.Count == 300);
        Assert.InRange(reader.LargestFrame, 60 * 1024, 66 * 1024);
        await EndAsync(reader, host);
    }

    [Fact]
    public async Task Stop_TellsThatItLeaves_WritesWhatIsThere_AndEnds()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var idle = await AttachReader.ConnectAsync(host.Channel);
        using var reader = await AttachReader.ConnectAsync(host.Channel);
        var part = await reader.OpenAsync(AttachReader.Logs(1, Plenty));
        var stuck = await reader.OpenAsync(AttachReader.Logs(2, 0, "a"));
        await Eventually.TrueAsync(() => doppler.Subscriptions == 2, "both are open");
        doppler.Append(Sample.Logs("a", 0, 10));
        await Eventually.TrueAsync(() => host.Counters.Matched == 20, "all has come");
        var stopping = host.Service.StopAsync(TestContext.Current.CancellationToken); // the listener stays, so that no connection breaks under the last frame
        await Task.WhenAll(ReadOutAsync(reader), ReadOutAsync(idle), stopping);
        Assert.Equal((10, 0, true, true), (part.Texts.Count, stuck.Texts.Count, reader.Leaving, idle.Leaving));
        Assert.Equal((10L, 0L), (host.Counters.DroppedShutdown, host.Counters.AttachSubscriptions));
        host.AssertConservation();
    }

    private static async Task ReadOutAsync(AttachReader reader)
    {
        while (await reader.NextAsync())
        {
        }
    }

    private static async Task EndAsync(AttachReader reader, TrafficControllerHost host)
    {
        await reader.CompleteAsync();
        await Eventually.TrueAsync(() => host.Counters is { AttachSubscriptions: 0, Held: 0 }, "the stream has ended");
        host.AssertConservation();
    }
}
