using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Nozzle.Spool;

public sealed class EnvelopeSpoolTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Appended_IsReadOnceInOrderWithItsCursors()
    {
        await using var fixture = new SpoolFixture();
        for (var i = 0; i < 200; i++)
        {
            await fixture.AppendAsync(i * 10, 10, bytes: 100);
        }

        var read = fixture.Drain();
        Assert.Equal(Enumerable.Range(0, 2000), read.Select(r => r.Number));
        Assert.All(read, r => Assert.Equal(("doppler-1", (ulong)r.Number), (r.Doppler, r.Position)));
        Assert.Empty(fixture.Drain());
        Assert.Equal(2000, fixture.Counters.Delivered);
        Assert.Equal(0, fixture.Counters.Held);
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Positions_ThatDoNotFollowOneByOne_ComeBack()
    {
        await using var fixture = new SpoolFixture();
        ulong[] positions = [5, 9, 9, 1_000_000_000_000];
        using (var buffer = SpoolFixture.Lines(0, 4))
        {
            await fixture.Spool.AppendAsync(new SpoolEntry(buffer, 0, buffer.Length, 4, new DopplerIdentity("d", ulong.MaxValue), 0, positions), Cancel);
        }

        using var batch = await fixture.Reader.ReadAsync(Cancel);
        Assert.Equal(positions, SpoolFixture.Read(batch).Select(r => r.Position));
        foreach (var record in batch)
        {
            Assert.Equal(new DopplerIdentity("d", ulong.MaxValue), record.Doppler);
        }
    }

    [Fact]
    public async Task Read_BeforeAnythingIsThere_WaitsForTheNextAppend()
    {
        await using var fixture = new SpoolFixture();
        var reading = fixture.Reader.ReadAsync(Cancel).AsTask();
        Assert.False(reading.IsCompleted);
        await fixture.AppendAsync(1);
        using var batch = await reading.WaitAsync(Soon, Cancel);
        Assert.Equal(1, Assert.Single(SpoolFixture.Read(batch)).Number);
    }

    [Fact]
    public async Task Read_Cancelled_EndsAndTheReaderGoesOn()
    {
        await using var fixture = new SpoolFixture();
        using var stop = new CancellationTokenSource();
        var reading = fixture.Reader.ReadAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Soon, Cancel));
        await fixture.AppendAsync(1);
        Assert.Single(fixture.Drain());
    }

    [Fact]
    public async Task Released_IsReadAgain_CompletedIsNot()
    {
        await using var fixture = new SpoolFixture(batchBytes: 1);
        for (var i = 0; i < 3; i++)
        {
            await fixture.AppendAsync(i);
        }

        var (first, second, third) = (fixture.Reader.TryRead()!, fixture.Reader.TryRead()!, fixture.Reader.TryRead()!);
        Assert.Null(fixture.Reader.TryRead());
        third.Complete();
        third.Dispose();
        first.Dispose();
        second.Complete();
        second.Dispose();
        Assert.Equal(0, Assert.Single(fixture.Drain()).Number);
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Reopened_AfterAKill_GivesWhatWasNotCompleted()
    {
        await using var fixture = new SpoolFixture(batchBytes: 1);
        for (var i = 0; i < 5; i++)
        {
            await fixture.AppendAsync(i);
        }

        using (var done = fixture.Reader.TryRead()!)
        {
            done.Complete();
        }

        using var unfinished = fixture.Reader.TryRead()!;
        await using var again = new SpoolFixture(fixture.Disk.AfterKill());
        Assert.Equal(4, again.Counters.Restored);
        Assert.Equal([1, 2, 3, 4], again.Drain().Select(r => r.Number));
        again.CheckBooks();
    }

    [Fact]
    public async Task Delivered_SegmentsAreRemoved_AndTheFolderEmptiesAtTheEnd()
    {
        var disk = new PowerCutFiles();
        await using (var fixture = new SpoolFixture(disk))
        {
            for (var i = 0; i < 60; i++)
            {
                await fixture.AppendAsync(i, bytes: 10_000);
            }

            Assert.True(fixture.Counters.Segments > 3);
            fixture.Drain();
            await Deadline.UntilAsync(() => fixture.Counters.Segments == 1, () => $"{fixture.Counters.Segments} segments are left", Cancel);
        }

        Assert.DoesNotContain(disk.List(), file => file.Name.EndsWith(".segment", StringComparison.Ordinal));
        await using var again = new SpoolFixture(disk);
        await again.AppendAsync(60);
        Assert.Equal(60, Assert.Single(again.Drain()).Number);
        Assert.Empty(again.Said.Warnings);
    }

    [Fact]
    public async Task Full_StopPolicy_WaitsLoudlyUntilSomethingIsDelivered()
    {
        await using var fixture = new SpoolFixture();
        var appended = 0;
        Task waiting;
        do
        {
            waiting = fixture.AppendAsync(appended++, bytes: 20_000);
            await Task.WhenAny(waiting, Deadline.UntilAsync(() => fixture.Spool.Trouble is not null || waiting.IsCompleted, () => "neither stored nor refused", Cancel));
        }
        while (waiting.IsCompletedSuccessfully);

        Assert.Contains("1048576 bytes are used up", fixture.Spool.Trouble, StringComparison.Ordinal);
        Assert.True(fixture.Counters.Stopped);
        Assert.Single(fixture.Said.Errors);
        Assert.InRange(fixture.Counters.Bytes, 1, 1024 * 1024);

        var read = fixture.Drain();
        await waiting.WaitAsync(Soon, Cancel);
        read.AddRange(fixture.Drain());
        Assert.Equal(Enumerable.Range(0, appended), read.Select(r => r.Number));
        Assert.Null(fixture.Spool.Trouble);
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Full_DropPolicy_PutsGapRecordsInThePlaceOfTheOldest()
    {
        await using var fixture = new SpoolFixture(whenFull: BufferFull.DropOldest);
        for (var i = 0; i < 200; i++)
        {
            await fixture.AppendAsync(i, bytes: 10_000, source: i % 3 == 0 ? "loud" : "quiet");
        }

        Assert.Null(fixture.Spool.Trouble);
        Assert.True(fixture.Counters.Dropped > 50);
        Assert.InRange(fixture.Counters.Bytes, 1, 1024 * 1024);
        var read = fixture.Drain();
        var gaps = read.TakeWhile(r => r.IsGap).ToList();
        Assert.Equal(["loud", "quiet"], gaps.Select(gap => gap.Source).Order());
        Assert.All(gaps, gap => Assert.Equal(("nozzle/evicted", "nozzle", false), (gap.Reason, gap.Doppler, gap.UpperBound)));
        var kept = read.Skip(gaps.Count).Select(r => r.Number).ToList();
        Assert.Equal(Enumerable.Range(200 - kept.Count, kept.Count), kept);
        foreach (var gap in gaps)
        {
            Assert.Equal(Enumerable.Range(0, 200 - kept.Count).Count(i => (i % 3 == 0) == (gap.Source == "loud")), gap.Lost);
        }

        Assert.Equal(gaps.Sum(gap => gap.Lost), fixture.Counters.Dropped);
        Assert.Contains(fixture.Said.Warnings, line => line.Contains("drops its oldest", StringComparison.Ordinal));
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Entry_LargerThanTheSpoolTakes_IsRefusedAtOnce()
    {
        await using var fixture = new SpoolFixture();
        using var buffer = SpoolFixture.Lines(0, 1, bytes: fixture.Spool.MaxEntryBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = fixture.Spool.AppendAsync(new SpoolEntry(buffer, 0, buffer.Length, 1, SpoolFixture.Doppler, 0), Cancel); });
        await fixture.AppendAsync(1, bytes: fixture.Spool.MaxEntryBytes - 1000);
        Assert.Single(fixture.Drain());
    }

    [Fact]
    public async Task Append_FromManyThreads_StoresEachOnce()
    {
        await using var fixture = new SpoolFixture(maxBytes: 64 * 1024 * 1024);
        await Parallel.ForAsync(0, 2000, Cancel, async (i, _) => await fixture.AppendAsync(i, bytes: 500));
        Assert.Equal(Enumerable.Range(0, 2000), fixture.Drain().Select(r => r.Number).Order());
        Assert.InRange(fixture.Counters.Commits, 1, 2000);
        fixture.CheckBooks();
    }

    [Fact]
    public async Task Append_MoreAtOnceThanAGroupHolds_KeepsTheOrder()
    {
        await using var fixture = new SpoolFixture(maxBytes: 64 * 1024 * 1024);
        var appends = Enumerable.Range(0, 300).Select(i => fixture.AppendAsync(i, bytes: i % 3 == 0 ? 100 : 100_000)).ToList();
        await Task.WhenAll(appends).WaitAsync(Soon, Cancel);
        Assert.True(fixture.Counters.Commits > 2);
        Assert.Equal(Enumerable.Range(0, 300), fixture.Drain().Select(r => r.Number));
    }

    [Fact]
    public async Task LiveFirst_LiveThatIsOld_IsLeftToTheBackground()
    {
        var time = new FakeTimeProvider();
        await using var fixture = new SpoolFixture(order: BufferOrder.LiveFirst, batchBytes: 1, time: time);
        fixture.Reader.TryRead();
        for (var i = 0; i < 10; i++)
        {
            await fixture.AppendAsync(i, bytes: 1000);
        }

        time.Advance(TimeSpan.FromSeconds(1)); // the sink was away
        Assert.Equal(0, Take(fixture)); // live has gone on to the end, where nothing is yet
        await fixture.AppendAsync(10, bytes: 1000);
        Assert.Equal(10, Take(fixture));
        Assert.Equal(Enumerable.Range(1, 9), fixture.Drain().Select(r => r.Number));
        fixture.CheckBooks();
    }

    [Fact]
    public async Task LiveFirst_ABacklog_IsReadBehindTheNewest()
    {
        var disk = new PowerCutFiles();
        await using (var before = new SpoolFixture(disk))
        {
            for (var i = 0; i < 40; i++)
            {
                await before.AppendAsync(i, bytes: 1000);
            }
        }

        await using var fixture = new SpoolFixture(disk, order: BufferOrder.LiveFirst, batchBytes: 1);
        Assert.Equal(0, Take(fixture)); // nothing is live yet
        for (var i = 100; i < 112; i++)
        {
            await fixture.AppendAsync(i, bytes: 1000);
        }

        var taken = Enumerable.Range(0, 18).Select(_ => Take(fixture)).ToList();
        Assert.Equal(Enumerable.Range(100, 12), taken.Where(number => number >= 100));
        Assert.Equal(Enumerable.Range(1, 6), taken.Where(number => number < 100));
        Assert.Equal(Enumerable.Range(7, 33), fixture.Drain().Select(r => r.Number));
        fixture.CheckBooks();
    }

    private static int Take(SpoolFixture fixture)
    {
        using var batch = fixture.Reader.TryRead()!;
        batch.Complete();
        return Assert.Single(SpoolFixture.Read(batch)).Number;
    }
}
