using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Faults;
using Loggregator.TestKit.Sinks;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Nozzle.Delivery;

public sealed class DeliveryLoopTests : IAsyncLifetime
{
    private readonly MemoryRecordSource _source = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(1_700_000_010));
    private readonly ErrorRecorder _recorder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-loop-").FullName;
    private SinkCounters? _counters;
    private Task _running = Task.CompletedTask;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SinkCounters Counters => _counters!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await AdvanceUntilAsync(() => _running.IsCompleted);
        await _running;
        Directory.Delete(_folder, recursive: true);
        _recorder.Dispose();
        _stop.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Failures_AtRandom_KeepOrderAndLoseNothing(int inFlight)
    {
        var random = new Random(inFlight);
        var sink = new ScriptedSink(inFlight, async (_, _) =>
        {
            bool fails;
            lock (random)
            {
                fails = random.Next(3) == 0;
            }

            await Task.Yield();
            return fails ? SinkAnswer.Retry("chance") : SinkAnswer.Settled;
        });
        Run(sink);
        for (var number = 1; number <= 2_000; number += 40)
        {
            _source.Append(NumberedLog.Envelopes(2, 40, number));
            await AdvanceUntilAsync(() => _source.Taken > 0);
        }

        await AdvanceUntilAsync(() => _source.Delivered == 4_000);
        foreach (var source in sink.Delivered.GroupBy(log => log.Source))
        {
            Assert.Equal(Enumerable.Range(1, 2_000), source.Select(log => log.Number).Distinct());
        }

        Assert.InRange(sink.MostInFlight, 1, inFlight);
        Assert.True(Counters.Retries > 0);
        Assert.Equal(4_000, Counters.Delivered);
        Assert.Equal(0, Counters.InFlight);
    }

    [Fact]
    public async Task Breaker_AfterLongFailure_ProbesEach60To120Seconds()
    {
        var attempts = new List<DateTimeOffset>();
        var works = false;
        var sink = new ScriptedSink(1, (_, _) =>
        {
            lock (attempts)
            {
                attempts.Add(_time.GetUtcNow());
            }

            return Task.FromResult(works ? SinkAnswer.Settled : SinkAnswer.Retry("down"));
        });
        Run(sink, new DeliveryOptions { BreakAfter = TimeSpan.FromMinutes(2) });
        _source.Append(NumberedLog.Envelopes(1, 10));
        await AdvanceUntilAsync(() => Counters.State == SinkState.Open, TimeSpan.FromMilliseconds(250));
        var opened = attempts.Count;
        await AdvanceUntilAsync(() => attempts.Count >= opened + 5, TimeSpan.FromSeconds(1));
        var gaps = attempts.Skip(opened - 1).Zip(attempts.Skip(opened), (one, next) => (next - one).TotalSeconds);
        Assert.All(gaps, gap => Assert.InRange(gap, 60, 122));
        Assert.Equal("down", Counters.LastFailure!.Reason);
        works = true;
        await AdvanceUntilAsync(() => _source.Delivered == 10, TimeSpan.FromSeconds(5));
        Assert.Equal(SinkState.Delivering, Counters.State);
        Assert.Single(_recorder.Warnings, line => line.Contains("60 to 120 s", StringComparison.Ordinal));
        Assert.Single(_recorder.Warnings, line => line.Contains("fails: down", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RefusedRecords_GoToTheDeadLettersWithTheirReason()
    {
        var sink = new ScriptedSink(1, (batch, _) =>
        {
            for (var i = 0; i < batch.Count; i += 5)
            {
                batch.Refuse(i, LossReason.TooLarge, "too large for hidden");
            }

            return Task.FromResult(SinkAnswer.Settled);
        });
        Run(sink);
        _source.Append(NumberedLog.Envelopes(1, 10));
        await AdvanceUntilAsync(() => _source.Delivered == 10);
        var lines = await File.ReadAllLinesAsync(Path.Combine(_folder, "dead"), Cancel);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Contains("too large for ***", line, StringComparison.Ordinal));
        Assert.Contains("\"id\":\"doppler-1/000000000000001f/5\"", lines[1], StringComparison.Ordinal);
        Assert.Equal((10, 8, 2), (Counters.Taken, Counters.Delivered, Counters.DeadLettered));
    }

    [Fact]
    public async Task RefusedRecords_WithoutDeadLetters_AreCountedByReason()
    {
        var sink = new ScriptedSink(1, (batch, _) =>
        {
            batch.Refuse(0, LossReason.TooLarge, "too large");
            return Task.FromResult(SinkAnswer.Settled);
        });
        Run(sink, deadLetters: false);
        _source.Append(NumberedLog.Envelopes(1, 10));
        await AdvanceUntilAsync(() => _source.Delivered == 10);
        Assert.Equal(1, Counters.Lost(LossReason.TooLarge));
        Assert.Equal(Counters.Taken, Counters.Delivered + Counters.Lost(LossReason.TooLarge));
        Assert.Contains("there is no dead-letter file", Assert.Single(_recorder.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sink_ThatThrows_IsTriedAgainAndItsTextIsRedacted()
    {
        var thrown = false;
        var sink = new ScriptedSink(1, (_, _) => thrown ? Task.FromResult(SinkAnswer.Settled) : throw (thrown = true, new InvalidOperationException("hidden state")).Item2);
        Run(sink);
        _recorder.Expect("is broken");
        _source.Append(NumberedLog.Envelopes(1, 10));
        await AdvanceUntilAsync(() => _source.Delivered == 10);
        Assert.Equal("InvalidOperationException: *** state", Counters.LastFailure!.Reason);
        Assert.DoesNotContain(_recorder.Lines, line => line.Contains("hidden", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sink_InTroubleWithoutAnswer_IsShownAsRetrying()
    {
        var answer = new TaskCompletionSource<SinkAnswer>();
        var sink = new ScriptedSink(2, (_, _) => answer.Task) { Trouble = "all brokers are hidden" };
        Run(sink);
        _source.Append(NumberedLog.Envelopes(1, 5));
        await AdvanceUntilAsync(() => Counters.State == SinkState.Retrying);
        Assert.Equal("all brokers are ***", Counters.LastFailure!.Reason);
        answer.SetResult(SinkAnswer.Settled);
        await AdvanceUntilAsync(() => _source.Delivered == 5 && Counters.State == SinkState.Delivering);
    }

    [Fact]
    public async Task Stop_WaitsForWhatIsInFlightAndLeavesTheRest()
    {
        var first = new TaskCompletionSource<SinkAnswer>();
        var sink = new ScriptedSink(2, (batch, cancel) => batch.Sequence == 1 ? first.Task : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel).ContinueWith(_ => SinkAnswer.Settled, cancel));
        Run(sink);
        _source.Append(NumberedLog.Envelopes(1, 30));
        await AdvanceUntilAsync(() => _source.Taken == 20);
        await _stop.CancelAsync();
        first.SetResult(SinkAnswer.Settled);
        await AdvanceUntilAsync(() => _running.IsCompleted, TimeSpan.FromSeconds(1));
        Assert.Equal(10, _source.Delivered);
        Assert.Equal(20, _source.Taken);
        Assert.Equal(SinkState.Stopped, Counters.State);
    }

    [Fact]
    public async Task Stop_WhileASinkDoesNotAnswer_IsOverAfterItsTimeAndLeavesTheBatch()
    {
        var sink = new ScriptedSink(1, async (_, cancel) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
            return SinkAnswer.Settled;
        })
        { Trouble = "it reads nothing" };
        Run(sink);
        _source.Append(NumberedLog.Envelopes(1, 30));
        await AdvanceUntilAsync(() => Counters.State == SinkState.Retrying); // the loop waits for the answer
        await _stop.CancelAsync();
        await AdvanceUntilAsync(() => _running.IsCompleted, TimeSpan.FromSeconds(1));
        await _running;
        Assert.Equal((10, 0), (_source.Taken, _source.Delivered));
        Assert.Equal(SinkState.Stopped, Counters.State);
    }

    [Fact]
    public async Task Batch_ThatLingers_TakesWhatComesMeanwhile()
    {
        var sizes = new List<int>();
        var sink = new ScriptedSink(1, (batch, _) =>
        {
            sizes.Add(batch.Count);
            return Task.FromResult(SinkAnswer.Settled);
        })
        { Limits = new SinkLimits(64 * 1024, 100, Linger: TimeSpan.FromSeconds(1)) };
        Run(sink);
        _source.Append(NumberedLog.Envelopes(1, 3));
        await Deadline.UntilAsync(() => _source.Taken == 3, () => "nothing was taken", Cancel);
        _source.Append(NumberedLog.Envelopes(1, 4, from: 4));
        await AdvanceUntilAsync(() => _source.Delivered == 7, TimeSpan.FromSeconds(1));
        Assert.Equal([7], sizes);
    }

    [Fact]
    public async Task Lag_IsTheAgeOfTheOldestThatWaits()
    {
        var answer = new TaskCompletionSource<SinkAnswer>();
        Run(new ScriptedSink(1, (_, _) => answer.Task));
        Assert.Equal(0, Counters.LagSeconds);
        _source.Append(new NumberedLog("app-0", 1).Envelope());
        await Deadline.UntilAsync(() => Counters.InFlight == 1, () => "nothing was taken", Cancel);
        Assert.Equal(10, Counters.LagSeconds, 0.01);
        answer.SetResult(SinkAnswer.Settled);
        await Deadline.UntilAsync(() => _source.Delivered == 1, () => "nothing was delivered", Cancel);
        Assert.Equal(0, Counters.LagSeconds);
        Assert.Equal(10, Counters.LastDelaySeconds, 0.01);
    }

    private void Run(ScriptedSink sink, DeliveryOptions? options = null, bool deadLetters = true)
    {
        _counters = new SinkCounters("siem", "test:", _source, _time);
        var letters = deadLetters ? new DeadLetterFile(Path.Combine(_folder, "dead"), 64 * 1024, _time) : null;
        var loop = new DeliveryLoop(
            _source, sink, _counters, options ?? new DeliveryOptions(), letters, text => text.Replace("hidden", "***", StringComparison.Ordinal), _time, _recorder.CreateLogger("nozzle"), new Random(1).NextDouble);
        _running = Task.Run(async () =>
        {
            await loop.RunAsync(_stop.Token);
            letters?.Dispose();
        });
    }

    private Task AdvanceUntilAsync(Func<bool> reached, TimeSpan? step = null) => Deadline.UntilAsync(
        reached,
        () => $"taken {_source.Taken}, delivered {_source.Delivered}, {_counters?.State}: {_counters?.LastFailure?.Reason}",
        CancellationToken.None,
        each: () =>
        {
            _time.Advance(step ?? TimeSpan.FromMilliseconds(500));
            return Task.CompletedTask;
        });
}
