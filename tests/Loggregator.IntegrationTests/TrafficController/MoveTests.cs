using Loggregator.Client.Consume;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

public sealed class MoveTests
{
    [Fact]
    public async Task Stream_SourceMovedAndTheOldDopplerIsBehind_KeepsItsOrderAndATrueCursor()
    {
        var time = new FakeTimeProvider(); // nothing is given up
        await using var old = await FakeDoppler.StartAsync();
        await using var next = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([old, next], time: time);
        using var client = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&source_id=b");
        await Eventually.TrueAsync(() => old.Subscriptions + next.Subscriptions == 2, "the subscriptions are open");
        old.Append(Sample.Stamped("a", 1));
        Assert.Equal(["a-1"], await client.ReadLogsAsync(1));
        next.Append(Sample.Stamped("b", 1));
        Assert.Equal(["b-1"], await client.ReadLogsAsync(1));

        next.Append(Sample.Stamped("a", 4), Sample.Stamped("b", 2));
        await Eventually.TrueAsync(() => host.Counters.Held == 2, "what is ahead is kept back");
        old.Append(Sample.Stamped("a", 2));
        Assert.Equal(["a-2"], await client.ReadLogsAsync(1));
        Assert.True(StreamCursor.TryParse(client.LastId!, out var cursor) && cursor!.TryFind(next.Id, out var mark) && mark.Next == 1);

        old.Append(Sample.Stamped("a", 3));
        Assert.Equal(["a-3", "a-4", "b-2"], await client.ReadLogsAsync(3));
        Assert.True(StreamCursor.TryParse(client.LastId!, out cursor) && cursor!.TryFind(next.Id, out mark) && mark.Next == 3);
        await Eventually.TrueAsync(() => host.Counters.Held == 0, "nothing is kept back any more");
        host.AssertConservation();
    }

    [Fact]
    public async Task Reader_OfADopplerThatWaitsForOneThatHasGone_DoesNotWaitAnyLonger()
    {
        var time = new FakeTimeProvider();
        await using var old = await FakeDoppler.StartAsync();
        await using var next = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([old, next], time: time);
        using var reader = new EgressReader(host, Logs);
        await Eventually.TrueAsync(() => old.Subscriptions + next.Subscriptions == 2, "the subscriptions are open");
        old.Append(Sample.Stamped("a", 1));
        Assert.Equal("a-1", Sample.Text(Assert.Single(await reader.ReadAsync(1))));
        next.Append(Sample.Stamped("a", 3));
        await Eventually.TrueAsync(() => host.Counters.Held == 1, "what is ahead is kept back");
        await old.KillAsync();
        Assert.Equal("a-3", Sample.Text(Assert.Single(await reader.ReadAsync(1))));
    }

    [Fact]
    public async Task Reader_OfADopplerThatWaitsInVain_WaitsForASecond()
    {
        var time = new FakeTimeProvider();
        await using var old = await FakeDoppler.StartAsync();
        await using var next = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([old, next], time: time);
        using var reader = new EgressReader(host, Logs);
        await Eventually.TrueAsync(() => old.Subscriptions + next.Subscriptions == 2, "the subscriptions are open");
        old.Append(Sample.Stamped("a", 1));
        await reader.ReadAsync(1);
        next.Append(Sample.Stamped("a", 3));
        await Eventually.TrueAsync(() => host.Counters.Held == 1, "what is ahead is kept back");
        var late = reader.ReadAsync(1);
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return late.IsCompleted;
            },
            "it is handed on when its time has come");
        Assert.Equal("a-3", Sample.Text(Assert.Single(await late)));
        await Eventually.TrueAsync(() => host.Counters.Held == 0, "nothing is kept back any more");
    }

    [Fact]
    public async Task CopiesOfAnotherDoppler_AreShownOnce_InEveryForm()
    {
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        using var stream = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a");
        using var gateway = await SseClient.OpenAsync(host.Http, "/v2/read?source_id=a&log");
        using var batches = new EgressReader(host, Logs);
        using var single = new EgressReader(host, Logs, batched: false);
        await Eventually.TrueAsync(
            () => one.Subscriptions + two.Subscriptions >= 6 && host.Counters.GrpcStreams == 2, "the subscriptions are open, and both who share one read it");
        one.Append(Sample.Stamped("a", 1), Sample.Stamped("a", 2));
        Assert.Equal(["a-1", "a-2"], await stream.ReadLogsAsync(2));
        Assert.Equal(["a-1", "a-2"], await gateway.ReadLogsAsync(2));
        Assert.Equal(["a-1", "a-2"], (await batches.ReadAsync(2)).Select(Sample.Text));
        Assert.Equal(["a-1", "a-2"], (await single.ReadAsync(2)).Select(Sample.Text));

        two.Append(Sample.Stamped("a", 1));
        two.Append(Sample.Stamped("a", 2), Sample.Stamped("a", 3));
        Assert.Equal(["a-3"], await stream.ReadLogsAsync(1));
        Assert.Equal(["a-3"], await gateway.ReadLogsAsync(1));
        Assert.Equal(["a-3"], (await batches.ReadAsync(1)).Select(Sample.Text));
        Assert.Equal(["a-3"], (await single.ReadAsync(1)).Select(Sample.Text));
        await Eventually.TrueAsync(() => host.Counters.Held == 0, "everything is written");
        Assert.Equal(8, host.Counters.Duplicates);
        host.AssertConservation();
    }

    [Fact]
    public async Task GapRecords_OfABatchThatWasSentAgain_AreToldOnce()
    {
        const uint Epoch = 2; // of gap records
        await using var one = await FakeDoppler.StartAsync();
        await using var two = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([one, two]);
        using var stream = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a");
        using var logs = await SseClient.OpenAsync(host.Http, "/v2/stream?source_id=a&type=log");
        await Eventually.TrueAsync(() => one.Subscriptions + two.Subscriptions == 4, "the subscriptions are open");
        one.Append(Sample.Stamped(Sample.GapRecord("a", 3), 1, Epoch), Sample.Stamped("a", 1));
        await TellAsync(3);
        Assert.Equal(["a-1"], await stream.ReadLogsAsync(1));
        Assert.Equal(["a-1"], await logs.ReadLogsAsync(1));

        // The same batch, then a loss of the same size, and one whose forerunner a third Doppler may have taken with it.
        two.Append(Sample.Stamped(Sample.GapRecord("a", 3), 1, Epoch), Sample.Stamped("a", 1));
        two.Append(Sample.Stamped(Sample.GapRecord("a", 3), 2, Epoch), Sample.Stamped(Sample.GapRecord("a", 4), 4, Epoch), Sample.Stamped("a", 2));
        await TellAsync(3, 4);
        Assert.Equal(["a-2"], await stream.ReadLogsAsync(1));
        Assert.Equal(["a-2"], await logs.ReadLogsAsync(1));
        Assert.Equal((4L, 20L), (host.Counters.Duplicates, host.Counters.ToldLost));
        await Eventually.TrueAsync(() => host.Counters.Held == 0, "everything is written");
        host.AssertConservation();

        async Task TellAsync(params int[] counts)
        {
            foreach (var count in counts)
            {
                Assert.Equal(count, (await stream.ReadUntilAsync("gap")).Json.GetProperty("count").GetInt32());
                Assert.Equal(count, (await logs.ReadUntilAsync("gap")).Json.GetProperty("count").GetInt32());
            }
        }
    }

    [Fact]
    public async Task ReadersOfAShareOrOfNames_AreNotDelayed()
    {
        var time = new FakeTimeProvider();
        await using var old = await FakeDoppler.StartAsync();
        await using var next = await FakeDoppler.StartAsync();
        await using var host = await TrafficControllerHost.StartAsync([old, next], time: time);
        using var share = new EgressReader(host, new EgressBatchRequest { ShardId = "share", Selectors = { Logs.Selectors } });
        await Eventually.TrueAsync(() => old.Subscriptions + next.Subscriptions == 2, "the subscriptions are open");
        old.Append(Sample.Stamped("a", 1));
        await share.ReadAsync(1);
        next.Append(Sample.Stamped("a", 3)); // 2 may be another member's
        Assert.Equal("a-3", Sample.Text(Assert.Single(await share.ReadAsync(1))));
    }

    private static EgressBatchRequest Logs => new() { Selectors = { new Selector { Log = new LogSelector() } }, UsePreferredTags = true };
}
