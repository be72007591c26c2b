using Loggregator.Nozzle.Delivery;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;
using Xunit;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>What every sink keeps, against a real receiver. A new kind of sink derives a class and a <see cref="SinkPeer"/>.</summary>
public abstract class SinkContract
{
    private const int Sources = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract Task<SinkPeer> StartPeerAsync();

    [Fact]
    public async Task Records_Flowing_ArriveOnceAndInOrder()
    {
        await using var peer = await StartPeerAsync();
        await using var run = Start(peer);
        for (var number = 1; number <= 2_000; number += 100)
        {
            run.Source.Append(NumberedLog.Envelopes(Sources, 100, number));
            await Task.Yield();
        }

        await DeliveredAsync(run, Sources * 2_000);
        await ArrivedAsync(peer, Sources, 2_000);
        Assert.Equal(Sources * 2_000, peer.Received().Count);
        Assert.Equal(run.Counters.Taken, run.Counters.Delivered);
        Assert.Empty(run.Recorder.Errors);
        Assert.Empty(run.Recorder.Warnings);
    }

    [Fact]
    public async Task Receiver_GoneForAWhile_GetsEverythingInOrder()
    {
        await using var peer = await StartPeerAsync();
        await using var run = Start(peer, ("retry-max", "200ms"));
        run.Source.Append(NumberedLog.Envelopes(Sources, 200));
        await DeliveredAsync(run, Sources * 200);
        await peer.BreakAsync();
        run.Source.Append(NumberedLog.Envelopes(Sources, 500, from: 201));
        await Deadline.UntilAsync(() => run.Counters.State == SinkState.Retrying, () => "the sink did not notice that its receiver is gone", Cancel, Patience);
        Assert.NotNull(run.Counters.LastFailure);
        await peer.RepairAsync();
        await DeliveredAsync(run, Sources * 700);
        await ArrivedAsync(peer, Sources, 700);
        Assert.Equal(SinkState.Delivering, run.Counters.State);
        Assert.Empty(run.Recorder.Errors);
    }

    [Fact]
    public async Task Poison_InTheMiddle_IsPutAwayAndTheRestArrives()
    {
        await using var peer = await StartPeerAsync();
        if (peer.Poison is not { } poison)
        {
            return;
        }

        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(Sources, 50));
        run.Source.Append(poison);
        run.Source.Append(NumberedLog.Envelopes(Sources, 50, from: 51));
        run.Source.Append(poison);
        await DeliveredAsync(run, (Sources * 100) + 2);
        await ArrivedAsync(peer, Sources, 100);
        Assert.Equal(2, run.DeadLetters.Count);
        Assert.All(run.DeadLetters, line => Assert.Contains(Convert.ToBase64String(poison), line, StringComparison.Ordinal));
        Assert.Equal(2, run.Counters.DeadLettered);
        Assert.Equal(Sources * 100, run.Counters.Delivered);
    }

    [Fact]
    public async Task Stop_AfterDelivery_LeavesNothingBehind()
    {
        await using var peer = await StartPeerAsync();
        await using var run = Start(peer);
        run.Source.Append(NumberedLog.Envelopes(Sources, 300));
        await Deadline.UntilAsync(() => run.Source.Taken == run.Source.Appended, () => "not all was taken", Cancel, Patience);
        await run.StopAsync();
        Assert.Equal(Sources * 300, run.Source.Delivered);
        await ArrivedAsync(peer, Sources, 300);
        Assert.Equal(SinkState.Stopped, run.Counters.State);
    }

    [Fact]
    public async Task Stop_WhileTheReceiverIsGone_EndsAndASecondRunDeliversTheRest()
    {
        await using var peer = await StartPeerAsync();
        var source = new MemoryRecordSource();
        await using (var run = Start(peer, source, ("stop-timeout", "200ms")))
        {
            run.Source.Append(NumberedLog.Envelopes(Sources, 100));
            await DeliveredAsync(run, Sources * 100);
            await peer.BreakAsync();
            run.Source.Append(NumberedLog.Envelopes(Sources, 100, from: 101));
            await Deadline.UntilAsync(() => run.Counters.LastFailure is not null, () => "the sink did not notice that its receiver is gone", Cancel, Patience);
            await run.StopAsync().WaitAsync(Patience, TimeProvider.System, Cancel);
        }

        await peer.RepairAsync();
        source.Rewind();
        await using var second = Start(peer, source);
        await DeliveredAsync(second, Sources * 200);
        await ArrivedAsync(peer, Sources, 200);
    }

    [Fact]
    public async Task Receiver_ThatStalls_HoldsNoMoreThanTheLimitsAndStopIsPrompt()
    {
        await using var peer = await StartPeerAsync();
        if (!peer.Stall())
        {
            return;
        }

        await using var run = Start(peer, ("stop-timeout", "200ms"));
        var limits = run.Sink.Limits;
        run.Source.Append(NumberedLog.Envelopes(Sources, 20_000, padding: 400));
        await Deadline.UntilAsync(() => run.Source.Taken > 0, () => "nothing was taken", Cancel, Patience);
        await Task.WhenAny(run.StopAsync()).WaitAsync(Patience, TimeProvider.System, Cancel);
        Assert.True(run.Source.Taken - run.Source.Delivered <= limits.MaxInFlight * limits.MaxRecords, $"{run.Source.Taken} taken, {run.Source.Delivered} delivered");
        peer.Resume();
    }

    [Fact]
    public async Task Secrets_OfTheUrl_AreNeverShown()
    {
        await using var peer = await StartPeerAsync();
        if (peer.UrlWithSecrets("hidden-user", "hid:den/pass word@1") is not { } url)
        {
            return;
        }

        await peer.BreakAsync();
        await using var run = new SinkRun(url, standardOutput: peer.StandardOutput, keys: peer.Keys);
        run.Source.Append(NumberedLog.Envelopes(Sources, 10));
        await Deadline.UntilAsync(() => run.Counters.LastFailure is not null, () => "the sink did not fail", Cancel, Patience);
        await run.StopAsync();
        Assert.DoesNotContain("hidden-user", run.Shown, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hid:den", run.Shown, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("pass word", run.Shown, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hid%3Aden", run.Shown, StringComparison.OrdinalIgnoreCase);
        await peer.RepairAsync();
    }

    private protected static SinkRun Start(SinkPeer peer, params (string, string)[] keys) => Start(peer, new MemoryRecordSource(), keys);

    private protected static SinkRun Start(SinkPeer peer, MemoryRecordSource source, params (string, string)[] keys) =>
        new(peer.Url, source, standardOutput: peer.StandardOutput, keys: [.. peer.Keys, .. keys]);

    private protected static Task DeliveredAsync(SinkRun run, int records) => Deadline.UntilAsync(
        () => run.Source.Delivered >= records,
        () => $"{run.Source.Delivered} of {records} are delivered, {run.Source.Taken} taken; {run.Counters.State}, last failure: {run.Counters.LastFailure?.Reason}\n{run.Shown}",
        Cancel,
        Patience);

    /// <summary>Every log of every source arrived; the first arrivals of a source are in order; nothing arrived that was not sent.</summary>
    protected static async Task ArrivedAsync(SinkPeer peer, int sources, int each)
    {
        await Deadline.UntilAsync(
            () => peer.Received().Distinct().Count() >= sources * each, () => $"{peer.Received().Distinct().Count()} of {sources * each} have arrived", Cancel, Patience);
        foreach (var source in peer.Received().GroupBy(log => log.Source))
        {
            Assert.Equal(Enumerable.Range(1, each), source.Select(log => log.Number).Distinct());
        }
    }
}
