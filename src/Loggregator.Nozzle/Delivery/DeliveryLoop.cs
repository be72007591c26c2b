using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// Moves records from one source to one sink, at least once and in the order in which the source gives them: takes batches while the sink has
/// room for more, settles them in order, and after a failure waits for all that is in flight before it hands over again what is pending.
/// Nothing is ever given up: a record leaves as delivered, or refused by the receiver for good. Run it once.
/// </summary>
internal sealed class DeliveryLoop
{
    private static readonly TimeSpan TroubleInterval = TimeSpan.FromSeconds(1);
    private readonly IRecordSource _source;
    private readonly ISink _sink;
    private readonly SinkLimits _limits;
    private readonly SinkCounters _counters;
    private readonly DeliveryOptions _options;
    private readonly DeadLetterFile? _deadLetters;
    private readonly Func<string, string> _redact;
    private readonly Breaker _breaker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Queue<Handed> _inFlight = new();
    private readonly Stack<RecordBatch> _idle = new();
    private CancellationToken _giveUp;
    private long _sequence;
    private int _failures; // since the last success

    /// <summary>A loop that does not run yet.</summary>
    /// <param name="source">Where the records wait.</param>
    /// <param name="sink">Where they go; the caller disposes it, after <see cref="RunAsync"/>.</param>
    /// <param name="counters">Counts.</param>
    /// <param name="options">How patient it is.</param>
    /// <param name="deadLetters">Takes what the receiver refuses for good; without it that is lost, and counted.</param>
    /// <param name="redact">Strikes secrets out of whatever a sink says; nothing is logged or kept that has not passed it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told when the sink begins to fail and when it works again.</param>
    /// <param name="random">Draws from [0, 1) for the pauses.</param>
    public DeliveryLoop(
        IRecordSource source,
        ISink sink,
        SinkCounters counters,
        DeliveryOptions options,
        DeadLetterFile? deadLetters,
        Func<string, string> redact,
        TimeProvider time,
        ILogger logger,
        Func<double>? random = null)
    {
        _source = source;
        _sink = sink;
        _limits = sink.Limits;
        _counters = counters;
        _options = options;
        _deadLetters = deadLetters;
        _redact = redact;
        _breaker = new Breaker(options, time, random);
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Delivers until <paramref name="stop"/>. Then nothing more is taken, what is in flight is waited for, within the options' time, and what
    /// fails stays with the source.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var giveUp = new CancellationTokenSource();
        _giveUp = giveUp.Token;
        try
        {
            await DeliverAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The stop: what was handed over may still be answered.
        }
        finally
        {
            await FinishAsync(giveUp);
            _counters.State = SinkState.Stopped;
            while (_idle.TryPop(out var batch))
            {
                batch.Dispose();
            }
        }
    }

    private async Task DeliverAsync(CancellationToken stop)
    {
        Task? arrival = null;
        while (!stop.IsCancellationRequested)
        {
            if (_inFlight.Count < _limits.MaxInFlight)
            {
                if (await TakeAsync(stop))
                {
                    continue;
                }

                arrival ??= _source.WaitAsync(stop).AsTask();
                if (_inFlight.TryPeek(out var head))
                {
                    await WatchAsync(stop, arrival, head.Answer);
                }
                else
                {
                    await arrival;
                }

                if (arrival.IsCompleted)
                {
                    await arrival;
                    arrival = null;
                }

                if (_inFlight.Count == 0 || !head.Answer.IsCompleted)
                {
                    continue;
                }
            }

            await SettleOldestAsync(stop);
        }
    }

    private async Task<bool> TakeAsync(CancellationToken stop)
    {
        var batch = _idle.Count > 0 ? _idle.Pop() : new RecordBatch();
        try
        {
            if (!await _source.TakeAsync(batch, _limits.MaxBytes, _limits.MaxRecords, stop))
            {
                return false;
            }

            if (_limits.Linger > TimeSpan.Zero && batch.Bytes < _limits.MaxBytes && batch.Count < _limits.MaxRecords)
            {
                await LingerAsync(batch, stop);
            }

            batch.Sequence = ++_sequence;
            Interlocked.Add(ref _counters.Taken, batch.Count);
            HandOver(batch);
            batch = null;
            return true;
        }
        finally
        {
            if (batch is not null)
            {
                Reuse(batch);
            }
        }
    }

    private async Task LingerAsync(RecordBatch batch, CancellationToken stop)
    {
        try
        {
            await Task.Delay(_limits.Linger, _time, stop);
            await _source.TakeAsync(batch, _limits.MaxBytes, _limits.MaxRecords, stop);
        }
        catch (OperationCanceledException)
        {
            // The stop: what was taken goes on its way.
        }
    }

    private void HandOver(RecordBatch batch)
    {
        _counters.InFlight += batch.Pending;
        _inFlight.Enqueue(new Handed(batch, AttemptAsync(batch)));
    }

    private async Task<SinkAnswer> AttemptAsync(RecordBatch batch)
    {
        try
        {
            return await _sink.DeliverAsync(batch, _giveUp);
        }
        catch (Exception e) when (e is not OperationCanceledException || !_giveUp.IsCancellationRequested)
        {
            var error = _redact($"{e.GetType().Name}: {e.Message}"); // a sink answers what it knows of: this is none of it
            Log.SinkBroken(_logger, _counters.Sink, _counters.Endpoint, error);
            return SinkAnswer.Retry(error);
        }
    }

    private async Task SettleOldestAsync(CancellationToken stop)
    {
        await WatchAsync(stop, _inFlight.Peek().Answer);
        var answer = await _inFlight.Peek().Answer;
        if (answer.Failure is null)
        {
            Settle(_inFlight.Dequeue().Batch);
            Recovered();
            return;
        }

        // What is behind it may have failed too, and must not overtake it: wait for all, then hand over again what is pending.
        var handed = _inFlight.ToArray();
        await Task.WhenAll(handed.Select(one => one.Answer)).WaitAsync(stop);
        await WaitOutAsync(answer, stop);
        _inFlight.Clear();
        foreach (var (batch, done) in handed)
        {
            if ((await done).Failure is null)
            {
                _inFlight.Enqueue(new Handed(batch, done));
                continue;
            }

            batch.Attempts++;
            _counters.InFlight -= batch.Pending;
            Interlocked.Increment(ref _counters.Retries);
            HandOver(batch);
        }
    }

    // Waits for any of these, or the stop, and notes meanwhile what troubles a sink that does not answer.
    private async Task WatchAsync(CancellationToken stop, params Task[] tasks)
    {
        while (!tasks.Any(task => task.IsCompleted))
        {
            stop.ThrowIfCancellationRequested();
            using var looked = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny([.. tasks, Task.Delay(TroubleInterval, _time, looked.Token)]);
            await looked.CancelAsync();
            if (!tasks.Any(task => task.IsCompleted) && _sink.Trouble is { } trouble)
            {
                _counters.State = SinkState.Retrying;
                Note(_redact(trouble));
            }
        }
    }

    private void Note(string reason)
    {
        _counters.Failed(reason);
        if (_failures++ == 0)
        {
            Log.SinkFails(_logger, _counters.Sink, _counters.Endpoint, reason);
        }
    }

    private async Task WaitOutAsync(SinkAnswer answer, CancellationToken stop)
    {
        var reason = _redact(answer.Failure!);
        var wasOpen = _breaker.IsOpen;
        var pause = _breaker.Failed(answer.RetryAfter);
        _counters.State = _breaker.IsOpen ? SinkState.Open : SinkState.Retrying;
        Note(reason);
        if (_breaker.IsOpen && !wasOpen)
        {
            Log.BreakerOpened(_logger, _counters.Sink, _counters.Endpoint, reason);
        }

        await Task.Delay(pause, _time, stop);
    }

    private void Recovered()
    {
        if (_failures > 0)
        {
            Log.SinkRecovered(_logger, _counters.Sink, _counters.Endpoint, _failures);
            _failures = 0;
            _breaker.Succeeded();
        }

        _counters.State = SinkState.Delivering;
    }

    private void Settle(RecordBatch batch)
    {
        batch.DeliverRest();
        PutAway(batch);
        var delivered = batch.Count - batch.Refusals.Count;
        Interlocked.Add(ref _counters.Delivered, delivered);
        Interlocked.Add(ref _counters.DeliveredBytes, batch.Bytes - batch.Refusals.Sum(refusal => (long)batch.Envelope(refusal.Index).Length));
        Interlocked.Increment(ref _counters.Batches);
        for (var last = batch.Count - 1; last >= 0; last--)
        {
            if (batch.State(last) == RecordState.Delivered)
            {
                batch.Envelope(last, out var header);
                _counters.NoteDelivered(header.Timestamp);
                break;
            }
        }

        _counters.InFlight -= batch.Count;
        _source.MarkDelivered(batch);
        Reuse(batch);
    }

    private void Reuse(RecordBatch batch)
    {
        if (batch.Bytes > 2 * (long)_limits.MaxBytes)
        {
            batch.Dispose(); // one huge record: the room for it is not kept
            return;
        }

        batch.Clear();
        _idle.Push(batch);
    }

    private void PutAway(RecordBatch batch)
    {
        if (batch.Refusals.Count == 0)
        {
            return;
        }

        var (count, first) = (batch.Refusals.Count, batch.Refusals[0]);
        string problem;
        if (_deadLetters is not null)
        {
            try
            {
                var gone = _deadLetters.Write(batch, _counters.Sink, _redact);
                Interlocked.Add(ref _counters.DeadLettered, count);
                Interlocked.Add(ref _counters.DeadLettersGone, gone);
                Log.RecordsRefused(_logger, _counters.Sink, count, batch.Id(first.Index), _redact(first.Why), _deadLetters.Path);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problem = $"the dead-letter file cannot be written ({e.Message.TrimEnd('.')})";
            }
        }
        else
        {
            problem = "there is no dead-letter file";
        }

        foreach (var refusal in batch.Refusals)
        {
            _counters.Lose(refusal.Reason, 1);
        }

        Log.RecordsLost(_logger, _counters.Sink, count, batch.Id(first.Index), _redact(first.Why), problem);
    }

    // What was handed over may be answered yet; from the first that fails on, the rest stays with the source, as it must come in order again.
    private async Task FinishAsync(CancellationTokenSource giveUp)
    {
        if (_inFlight.Count > 0)
        {
            await using var timer = _time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), giveUp, _options.StopTimeout, Timeout.InfiniteTimeSpan);
            var settling = true;
            while (_inFlight.TryDequeue(out var handed))
            {
                try
                {
                    settling &= (await handed.Answer).Failure is null;
                }
                catch (OperationCanceledException)
                {
                    settling = false;
                }

                if (settling)
                {
                    Settle(handed.Batch);
                }
                else
                {
                    _source.Abandon(handed.Batch);
                    handed.Batch.Dispose();
                }
            }
        }
    }

    private readonly record struct Handed(RecordBatch Batch, Task<SinkAnswer> Answer);
}
