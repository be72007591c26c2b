using System.Collections.Concurrent;
using Loggregator.Client;
using Loggregator.TestKit.Cluster;
using Loggregator.Tests.Benchmarks;
using Xunit;

namespace Loggregator.Tests.Client.Emit;

/// <summary>A slow agent under each policy.</summary>
[Collection(AllocationCollection.Name)]
public sealed class EmitterPressureTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WhenFull.DropNewest)]
    [InlineData(WhenFull.DropOldest)]
    public async Task QueueFull_KeepsTheEndThatThePolicyNames_AndTellsTheRest(WhenFull policy)
    {
        var told = new ConcurrentQueue<EmitLoss>();
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(
            new EmitterOptions { WhenFull = policy, CapacityEnvelopes = 10, SourceId = "shop", InstanceId = "3", OnLoss = told.Enqueue }, agent);
        emitter.Log("line 0");
        await Deadline.UntilAsync(() => agent.Calls == 1, () => "the first line is under way", Cancel);
        var taken = Enumerable.Range(1, 50).Count(i => emitter.Log("line " + i));
        Assert.Equal(policy == WhenFull.DropNewest ? 9 : 50, taken);
        Assert.False(emitter.HasRoom);
        Assert.Equal(10, emitter.Counts.Held);

        agent.Hold.SetResult();
        var counts = await emitter.CompleteAsync(Cancel);
        var kept = policy == WhenFull.DropNewest ? Enumerable.Range(0, 10) : Enumerable.Range(42, 9).Prepend(0);
        Assert.Equal(kept.Select(i => "line " + i), agent.Lines);
        EmitterTests.AssertCounts(counts, offered: 51, sent: 10, lost: 41);
        Assert.Equal(41, counts.LostByReason[EmitLossReason.QueueFull]);
        Assert.Equal(41, told.Sum(loss => loss.Count));

        var gap = Assert.Single(agent.Gaps);
        Assert.Equal(("shop", "3", 41UL), (gap.SourceId, gap.InstanceId, gap.Counter.Delta));
        Assert.Equal(("client", "ring_full"), (gap.Tags["hop"], gap.Tags["reason"]));
    }

    [Theory]
    [InlineData(WhenFull.DropNewest)]
    [InlineData(WhenFull.DropOldest)]
    public async Task CapacityInBytes_IsKeptHoweverMuchIsEmitted(WhenFull policy)
    {
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(new EmitterOptions { WhenFull = policy, CapacityBytes = 4000 }, agent);
        for (var i = 0; i < 1000; i++)
        {
            emitter.Log(new string('x', i % 700));
        }

        Assert.InRange(emitter.Counts.Held, 1, 200);
        agent.Hold.SetResult();
        var counts = await emitter.CompleteAsync(Cancel);
        Assert.Equal((1000L, 0L), (counts.Offered, counts.Held));
        Assert.Equal(1000, counts.Sent + counts.Lost);
        Assert.Equal(counts.Sent, agent.Lines.Count);
        Assert.Equal((ulong)counts.Lost, agent.Gaps.Aggregate(0UL, (sum, gap) => sum + gap.Counter.Delta));
    }

    [Fact]
    public async Task Wait_ManyThreads_LosesNothingAndHoldsNoMoreThanItMay()
    {
        const int Threads = 4, Each = 500;
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions { WhenFull = WhenFull.Wait, CapacityEnvelopes = 8 }, agent);
        var most = 0L;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    Assert.True(emitter.Log($"{thread} {i}"));
                    InterlockedMax(ref most, emitter.Counts.Held);
                }
            },
            Cancel,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        EmitterTests.AssertCounts(await emitter.CompleteAsync(Cancel), offered: Threads * Each, sent: Threads * Each, lost: 0);
        Assert.InRange(most, 1, 8);
        foreach (var thread in Enumerable.Range(0, Threads))
        {
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{thread} {i}"), agent.Lines.Where(line => line.StartsWith($"{thread} ", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Wait_EmitterEnds_LetsTheWaitingThreadGo()
    {
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(
            new EmitterOptions { WhenFull = WhenFull.Wait, CapacityEnvelopes = 1, CloseTimeout = TimeSpan.Zero }, agent);
        emitter.Log("1");
        var waiting = Task.Factory.StartNew(() => emitter.Log("2"), Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Deadline.UntilAsync(() => emitter.Counts.Offered == 2, () => "the second is offered", Cancel);
        Assert.False(waiting.IsCompleted);
        await emitter.DisposeAsync();
        Assert.False(await waiting);
        EmitterTests.AssertCounts(emitter.Counts, offered: 2, sent: 0, lost: 2);
    }

    [Fact]
    public async Task WaitForRoom_CompletesWhenHalfIsSent()
    {
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(new EmitterOptions { WhenFull = WhenFull.Wait, CapacityEnvelopes = 2 }, agent);
        await emitter.WaitForRoomAsync(Cancel);
        emitter.Log("1");
        emitter.Log("2");
        var room = emitter.WaitForRoomAsync(Cancel);
        Assert.False(room.IsCompleted);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => emitter.WaitForRoomAsync(new CancellationToken(canceled: true)));
        agent.Hold.SetResult();
        await room;
        Assert.True(emitter.HasRoom);
    }

    [Fact]
    public async Task Log_InSteadyState_AllocatesNothingPerEnvelope()
    {
        const int Calls = 20_000;
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(
            new EmitterOptions { SourceId = "shop", Tags = { ["zone"] = "a" }, CapacityEnvelopes = 2000, CloseTimeout = TimeSpan.Zero }, agent);
        long Measure()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Calls; i++)
            {
                emitter.Log("the quick brown fox jumps over the lazy dog");
                emitter.Counter("orders");
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Measure();
        var least = Enumerable.Range(0, 5).Min(_ => Measure());
        Assert.True(least < Calls, $"{least} bytes for {2 * Calls} envelopes"); // a batch of 1000 is one object
        Assert.Equal(12 * Calls, emitter.Counts.Offered);
    }

    [Fact]
    public async Task Losses_OfManySources_AreAllToldAndNoneTwice()
    {
        const int Sources = 1500;
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(new EmitterOptions { WhenFull = WhenFull.DropNewest, CapacityEnvelopes = 1 }, agent);
        emitter.Log("held");
        for (var source = 0; source < Sources; source++)
        {
            Assert.False(emitter.Log("x", details: new EnvelopeDetails { SourceId = $"app-{source}" }));
        }

        agent.Hold.SetResult();
        await emitter.CompleteAsync(Cancel);
        Assert.Equal((ulong)Sources, agent.Gaps.Aggregate(0UL, (sum, gap) => sum + gap.Counter.Delta));
        Assert.Equal(1000, agent.Gaps.Count(gap => gap.SourceId != "other")); // the table's bound; the rest is folded together
    }

    [Fact]
    public async Task OnLoss_Throws_NothingIsHarmed()
    {
        var agent = new FakeAgent { Failures = 1, Status = new Grpc.Core.Status(Grpc.Core.StatusCode.Unimplemented, "") };
        await using var emitter = new Emitter(new EmitterOptions { OnLoss = _ => throw new InvalidOperationException("the user's") }, agent);
        emitter.Log("1");
        await emitter.FlushAsync(Cancel);
        emitter.Log("2");
        EmitterTests.AssertCounts(await emitter.CompleteAsync(Cancel), offered: 2, sent: 1, lost: 1);
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (var seen = Interlocked.Read(ref most); value > seen; seen = Interlocked.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
