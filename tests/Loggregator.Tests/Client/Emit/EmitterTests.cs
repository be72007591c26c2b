using Grpc.Core;
using Loggregator.Client;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Client.Emit;

public sealed class EmitterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_Many_ArriveInOrderAndAreConfirmed()
    {
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions(), agent);
        for (var i = 0; i < 2500; i++)
        {
            Assert.True(emitter.Log("line " + i));
        }

        var counts = await emitter.CompleteAsync(Cancel);
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => "line " + i), agent.Lines);
        AssertCounts(counts, offered: 2500, sent: 2500, lost: 0);
    }

    [Fact]
    public async Task Batches_KeepToTheLimitsOfEnvelopesAndBytes()
    {
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions { BatchEnvelopes = 7, BatchBytes = 300 }, agent);
        for (var i = 0; i < 100; i++)
        {
            emitter.Log(new string('x', i));
        }

        await emitter.CompleteAsync(Cancel);
        Assert.All(agent.Batches, batch => Assert.InRange(batch.Batch.Count, 1, 7));
        Assert.All(agent.Batches, batch => Assert.InRange(batch.CalculateSize(), 1, 300));
        Assert.Equal(100, agent.Lines.Count);
    }

    [Fact]
    public async Task BatchDelay_GathersUntilItIsOverOrSomebodyFlushes()
    {
        var time = new FakeTimeProvider();
        var agent = new FakeAgent();
        await using var emitter = new Emitter(new EmitterOptions { BatchDelay = TimeSpan.FromSeconds(10), Clock = time }, agent);
        emitter.Log("one");
        emitter.Log("two");
        await emitter.FlushAsync(Cancel);
        Assert.Equal(2, Assert.Single(agent.Batches).Batch.Count);

        emitter.Log("three");
        emitter.Log("four");
        await Deadline.UntilAsync(
            () => agent.Batches.Count == 2,
            () => "the delay's end sends",
            Cancel,
            each: () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Task.CompletedTask;
            });
        Assert.Equal(["one", "two", "three", "four"], agent.Lines);
    }

    [Fact]
    public async Task Flush_WaitsForWhatWasEmittedBeforeIt()
    {
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        await using var emitter = new Emitter(new EmitterOptions(), agent);
        emitter.Log("one");
        var flush = emitter.FlushAsync(Cancel);
        Assert.False(flush.IsCompleted);
        agent.Hold.SetResult();
        AssertCounts(await flush, offered: 1, sent: 1, lost: 0);
        Assert.Equal(["one"], agent.Lines);
    }

    [Fact]
    public async Task Send_AgentUnavailable_IsTriedAgainInOrder()
    {
        var time = new FakeTimeProvider();
        var agent = new FakeAgent { Failures = 2 };
        await using var emitter = new Emitter(new EmitterOptions { Clock = time }, agent);
        emitter.Log("line 1");
        var done = emitter.CompleteAsync(Cancel);
        while (!done.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        AssertCounts(await done, offered: 1, sent: 1, lost: 0);
        Assert.Equal(["line 1"], agent.Lines);
    }

    [Fact]
    public async Task Send_AgentUnavailableForLongerThanRetryFor_IsLostAsUnreachable()
    {
        var agent = new FakeAgent { Failures = int.MaxValue };
        await using var emitter = new Emitter(new EmitterOptions { RetryFor = TimeSpan.Zero }, agent);
        emitter.Log("line 1");
        var counts = await emitter.CompleteAsync(Cancel);
        Assert.Equal(1, counts.LostByReason[EmitLossReason.AgentUnreachable]);
        Assert.Equal("it answered Unavailable: gone", emitter.LastFailure);
    }

    [Fact]
    public async Task Send_RefusedForGood_IsLostWithTheReason()
    {
        var agent = new FakeAgent { Failures = 1, Status = new Status(StatusCode.PermissionDenied, "not you") };
        await using var emitter = new Emitter(new EmitterOptions { TellLosses = false }, agent);
        emitter.Log("line 1");
        var counts = await emitter.CompleteAsync(Cancel);
        AssertCounts(counts, offered: 1, sent: 0, lost: 1);
        Assert.Equal(1, counts.LostByReason[EmitLossReason.Refused]);
        Assert.Equal("it answered PermissionDenied: not you", emitter.LastFailure);
    }

    [Fact]
    public async Task Send_AnswerIsUnclear_IsTriedAFewTimesAndThenLostAsUnconfirmed()
    {
        var agent = new FakeAgent { Failures = int.MaxValue, Status = new Status(StatusCode.Internal, "reset") };
        await using var emitter = new Emitter(new EmitterOptions { TellLosses = false }, agent);
        emitter.Log("line 1");
        var counts = await emitter.CompleteAsync(Cancel);
        Assert.Equal(1, counts.LostByReason[EmitLossReason.Unconfirmed]);
        Assert.Equal(3, agent.Calls);
    }

    [Fact]
    public async Task Complete_DeadlinePassed_CountsWhatIsHeldAsLost()
    {
        var told = new List<EmitLoss>();
        var agent = new FakeAgent { Failures = int.MaxValue };
        await using var emitter = new Emitter(new EmitterOptions { Clock = new FakeTimeProvider(), OnLoss = told.Add }, agent);
        emitter.Log("1");
        emitter.Log("2");
        AssertCounts(await emitter.CompleteAsync(new CancellationToken(canceled: true)), offered: 2, sent: 0, lost: 2);
        Assert.Equal((EmitLossReason.Shutdown, 2L), (Assert.Single(told).Reason, told[0].Count));
    }

    [Fact]
    public async Task Dispose_AgentNeverAnswers_EndsAndTellsWhatIsLost()
    {
        var told = new List<EmitLoss>();
        var agent = new FakeAgent { Hold = new TaskCompletionSource() };
        var emitter = new Emitter(new EmitterOptions { CloseTimeout = TimeSpan.FromMilliseconds(50), OnLoss = told.Add }, agent);
        emitter.Log("1");
        await emitter.DisposeAsync();
        await emitter.DisposeAsync();
        Assert.Equal(EmitLossReason.Shutdown, Assert.Single(told).Reason);
        Assert.False(emitter.Log("2"));
        AssertCounts(emitter.Counts, offered: 2, sent: 0, lost: 2);
        AssertCounts(await emitter.FlushAsync(Cancel), offered: 2, sent: 0, lost: 2);
    }

    internal static void AssertCounts(EmitCounts counts, long offered, long sent, long lost) =>
        Assert.Equal((offered, sent, lost, 0L), (counts.Offered, counts.Sent, counts.Lost, counts.Held));
}
