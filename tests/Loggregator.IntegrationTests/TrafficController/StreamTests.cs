using System.Net;
using System.Text.Json;
using Loggregator.Client.Consume;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

public sealed class StreamTests
{
    [Theory]
    [InlineData("/v2/stream?type=lag", "unknown_type")]
    [InlineData("/v2/stream?lines=-1", "bad_lines")]
    [InlineData("/v2/stream?lines=2147483648", "bad_lines")]
    [InlineData("/v2/recent?lines=0", "bad_lines")]
    [InlineData("/v2/stream?since=yesterday", "bad_since")]
    [InlineData("/v2/stream?cursor=bogus", "bad_cursor")]
    [InlineData("/v2/recent?cursor=bogus", "bad_cursor")]
    public async Task Stream_BadParameter_IsRefusedWithItsCure(string path, string error)
    {
        await using var host = await TrafficControllerHost.StartAsync([]);
        using var response = await host.Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(error, body.GetProperty("error").GetString());
        Assert.NotEqual("", body.GetProperty("message").GetString());
        Assert.NotEqual("", body.GetProperty("cure").GetString());
    }

    [Fact]
    public async Task Stream_LinesThenLive_HasNoSeam()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Logs("a", 0, 20));
        using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&lines=5");
        var history = await client.ReadUntilAsync("notice", "history");
        Assert.Equal(16, history.Json.GetProperty("starts_at").GetInt64());
        Assert.False(history.Json.GetProperty("aged_out").GetBoolean());
        Assert.Equal(Enumerable.Range(15, 5).Select(i => $"a-{i}"), await client.ReadLogsAsync(5));
        await client.ReadUntilAsync("notice", "live");
        doppler.Append(Sample.Logs("a", 20, 3));
        Assert.Equal(["a-20", "a-21", "a-22"], await client.ReadLogsAsync(3));
        Assert.NotNull(client.LastId);
    }

    [Fact]
    public async Task Stream_HistoryOfTwoDopplers_IsMergedWithoutCopies()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        one.Append(Sample.Log("a", "1", 1), Sample.Log("a", "3", 3), Sample.Log("a", "copy", 4));
        two.Append(Sample.Log("a", "2", 2), Sample.Log("a", "copy", 4), Sample.Log("a", "5", 5));
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&since=1"))
        {
            Assert.Equal(["1", "2", "3", "copy", "5"], await client.ReadLogsAsync(5));
            await client.ReadUntilAsync("notice", "live");
        }

        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&lines=3"))
        {
            Assert.Equal(["3", "copy", "5"], await client.ReadLogsAsync(3));
        }

        await Eventually.TrueAsync(() => host.Counters.SseStreams == 0, "the streams are over");
        Assert.Equal(2, host.Counters.Duplicates);
        host.AssertConservation();
    }

    [Fact]
    public async Task Stream_Resumed_GoesOnWhereItStood()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        string cursor;
        await using (var host = await TrafficControllerHost.StartAsync([one, two]))
        {
            one.Append(Sample.Logs("a", 0, 3));
            two.Append(Sample.Logs("b", 0, 3));
            using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?since=0");
            await client.ReadLogsAsync(6);
            await client.ReadUntilAsync("notice", "live");
            one.Append(Sample.Log("a", "last", 10));
            await client.ReadLogsAsync(1);
            cursor = client.LastId!;
        }

        Assert.True(StreamCursor.TryParse(cursor, out var parsed));
        Assert.Equal(2, parsed!.Marks.Count);
        one.Append(Sample.Log("a", "missed-a", 11));
        two.Append(Sample.Log("b", "missed-b", 12));
        await using (var host = await TrafficControllerHost.StartAsync([one, two]))
        {
            using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?since=0", cursor);
            await client.ReadUntilAsync("notice", "reconnected");
            Assert.Equal(["missed-a", "missed-b"], await client.ReadLogsAsync(2));
            await client.ReadUntilAsync("notice", "live");
        }
    }

    [Fact]
    public async Task Stream_Resumed_TellsOnlyWhatConcernsWhoWasThereBefore()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Log("a", "one"));
        string cursor;
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&source_id=silent&since=0"))
        {
            await client.ReadUntilAsync("notice", "history");
            await client.ReadLogsAsync(1);
            await client.ReadUntilAsync("notice", "waiting");
            cursor = client.LastId!;
        }

        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&source_id=silent&since=0", cursor))
        {
            Assert.Equal("reconnected", (await client.ReadAsync())!.Json.GetProperty("kind").GetString());
            Assert.Equal("live", (await client.ReadAsync())!.Json.GetProperty("kind").GetString());
            var asked = doppler.SourcesAsked;
            doppler.Append(Sample.Log("a", "two"));
            Assert.Equal(["two"], (await client.ReadAsync())!.Logs);
            Assert.Equal(1, asked); // by the first
        }

        await doppler.KillAsync();
        await doppler.RestartAsync();
        await Eventually.TrueAsync(() => host.Counters.DopplersAttached == 1, "the Doppler is attached again");
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&source_id=silent&since=0", cursor))
        {
            Assert.Equal("reconnected", (await client.ReadAsync())!.Json.GetProperty("kind").GetString());
            var back = (await client.ReadAsync())!.Json;
            Assert.Equal("doppler_back", back.GetProperty("kind").GetString());
            Assert.True(back.GetProperty("restarted").GetBoolean()); // while it was away
        }
    }

    [Fact]
    public async Task Stream_ResumedWhileADopplerIsAway_KeepsItsPlaceThere()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        one.Append(Sample.Log("a", "one"));
        two.Append(Sample.Log("a", "two", 2));
        string cursor;
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&since=0"))
        {
            await client.ReadLogsAsync(2);
            cursor = client.LastId!;
        }

        await two.KillAsync();
        await Eventually.TrueAsync(() => host.Counters.DopplersAttached == 1, "the second is lost");
        two.Append(Sample.Log("a", "missed", 3));
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&since=0", cursor))
        {
            one.Append(Sample.Log("a", "three", 4));
            Assert.Equal(["three"], await client.ReadLogsAsync(1));
            cursor = client.LastId!;
        }

        await two.ListenAsync();
        await Eventually.TrueAsync(() => host.Counters.DopplersAttached == 2, "the second is back");
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&since=0", cursor))
        {
            Assert.Equal(["missed"], await client.ReadLogsAsync(1));
        }
    }

    [Fact]
    public async Task Stream_Gap_IsAnEventOfItsOwn()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&type=log");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        Assert.True(Assert.Single(doppler.Opens).Gaps);
        doppler.TellGap("a", 12);
        var gap = (await client.ReadUntilAsync("gap")).Json;
        Assert.Equal(("a", "0", 12, "doppler", "evicted"), (
            gap.GetProperty("source_id").GetString(), gap.GetProperty("instance_id").GetString(), gap.GetProperty("count").GetInt32(),
            gap.GetProperty("hop").GetString(), gap.GetProperty("reason").GetString()));
        Assert.Equal((1000, 2000), (gap.GetProperty("first_timestamp").GetInt32(), gap.GetProperty("last_timestamp").GetInt32()));
        Assert.False(gap.GetProperty("upper_bound").GetBoolean());

        doppler.Append(Sample.Log("a", "before"), Sample.GapRecord("a", 7), Sample.Log("a", "behind"));
        Assert.Equal(["before"], (await client.ReadUntilAsync(null)).Logs);
        Assert.Equal(7, (await client.ReadUntilAsync("gap")).Json.GetProperty("count").GetInt32());
        Assert.Equal(["behind"], (await client.ReadUntilAsync(null)).Logs);
    }

    [Fact]
    public async Task Stream_UnknownSource_WaitsAndSaysSo()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Log("known", "x"));
        using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=new&source_id=known&lines=1");
        var waiting = await client.ReadUntilAsync("notice", "waiting");
        Assert.Equal("new", Assert.Single(waiting.Json.GetProperty("source_ids").EnumerateArray().ToArray()).GetString());
        doppler.Append(Sample.Log("new", "here"));
        Assert.Equal(["here"], await client.ReadLogsAsync(1));
    }

    [Fact]
    public async Task Stream_DopplerKilledAndBack_IsToldAndResumes()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Log("a", "one"));
        await client.ReadLogsAsync(1);
        await doppler.KillAsync();
        var lost = await client.ReadUntilAsync("notice", "doppler_lost");
        Assert.Equal(doppler.Id, lost.Json.GetProperty("doppler").GetString());
        Assert.False(lost.Json.GetProperty("planned").GetBoolean());

        await doppler.RestartAsync();
        doppler.Append(Sample.Log("a", "two"));
        var back = await client.ReadUntilAsync("notice", "doppler_back");
        Assert.True(back.Json.GetProperty("restarted").GetBoolean());
        Assert.Equal(["two"], await client.ReadLogsAsync(1));
    }

    [Fact]
    public async Task Stream_LinkBroken_ResumesWithoutLoss()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 1, "the subscription is open");
        doppler.Append(Sample.Log("a", "one"));
        await client.ReadLogsAsync(1);
        await doppler.KillAsync();
        doppler.Append(Sample.Log("a", "meanwhile"));
        await doppler.ListenAsync();
        var back = await client.ReadUntilAsync("notice", "doppler_back");
        Assert.False(back.Json.GetProperty("restarted").GetBoolean());
        Assert.Equal(["meanwhile"], await client.ReadLogsAsync(1));
    }

    [Fact]
    public async Task Stream_InstanceAndTypes_AreFiltered()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Log("a", "zero", 1, "0"), Sample.Log("a", "one", 2, "1"), Sample.Counter("a", "c"), Sample.Log("a", "more", 3, "0"));
        using (var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&type=log&instance_id=1&lines=1"))
        {
            Assert.Equal(["one"], await client.ReadLogsAsync(1));
            await client.ReadUntilAsync("notice", "live");
            doppler.Append(Sample.Log("a", "other", 4, "0"), Sample.Log("a", "mine", 5, "1"));
            Assert.Equal(["mine"], await client.ReadLogsAsync(1));
        }

        await Eventually.TrueAsync(() => host.Counters.SseStreams == 0, "the stream is over");
        host.AssertConservation();
    }

    [Fact]
    public async Task Recent_Lines_EndsByItself()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        doppler.Append(Sample.Logs("a", 0, 5));
        using var client = await SseClient.OpenAsync(host.Http, "/v2/recent?source_id=a&lines=3");
        Assert.Equal(["a-2", "a-3", "a-4"], await client.ReadLogsAsync(3));
        await client.ReadUntilAsync("notice", "closing");
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Recent_NothingHeld_EndsByItself()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/recent?source_id=a");
        Assert.Equal(0, (await client.ReadUntilAsync("notice", "history")).Json.GetProperty("starts_at").GetInt64());
        await client.ReadUntilAsync("notice", "closing");
        Assert.Null(await client.ReadAsync());
    }

    [Fact]
    public async Task Stream_RoleStops_SaysClosing()
    {
        await using var doppler = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([doppler]);
        using var ours = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a");
        using var gateway = await SseClient.OpenAsync(host.Http, "/v2/read?log");
        await Eventually.TrueAsync(() => doppler.Subscriptions == 2, "the subscriptions are open");
        var stopping = host.StopAsync();
        await ours.ReadUntilAsync("notice", "closing");
        Assert.Null(await ours.ReadAsync());
        Assert.Equal("closing", (await gateway.ReadAsync())!.Name);
        Assert.Null(await gateway.ReadAsync());
        await stopping;
        Assert.False(host.Service.Ready);
    }

    [Fact]
    public async Task Sources_TwoDopplersOneDown_AddsUpAndSaysPartial()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        one.Append(Sample.Logs("a", 0, 2));
        two.Append(Sample.Logs("a", 0, 3));
        two.Append(Sample.Log("b", "x"));
        using var all = await host.Http.GetAsync("/v2/sources", TestContext.Current.CancellationToken);
        var sources = JsonDocument.Parse(await all.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("sources");
        Assert.Equal([("a", 5), ("b", 1)], sources.EnumerateArray().Select(s => (s.GetProperty("source_id").GetString()!, s.GetProperty("envelopes").GetInt32())));
        Assert.False(all.Headers.Contains("X-Loggregator-Partial"));

        await two.KillAsync();
        await Eventually.TrueAsync(() => host.Counters.DopplersAttached == 1, "the second is lost");
        using var some = await host.Http.GetAsync("/v2/sources", TestContext.Current.CancellationToken);
        Assert.Equal("1 of 2", Assert.Single(some.Headers.GetValues("X-Loggregator-Partial")));
    }
}
