using Grpc.Core;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Emit;

/// <summary>
/// Sends envelopes to an agent. Adding never blocks; any thread may add. One batch travels at a time and is answered, so what is counted as sent
/// is in the agent's ring, order holds, and whatever arrives meanwhile makes up the next batch: the busier, the larger.
/// Nothing is lost uncounted: accepted = sent + lost + held, and what did not fit is dropped.
/// </summary>
public sealed class Emitter : IAsyncDisposable
{
    private const int MaxBatchBytes = 1024 * 1024;
    private const int MaxBatchEnvelopes = 1000;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly CallInvoker _agent;
    private readonly EmitterOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<EmitBatch> _full = [];
    private readonly AsyncSignal _work = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly MessageBuffer _scratch = MessageBuffer.Rent(1024);
    private readonly Task _sending;
    private TaskCompletionSource? _room;
    private EmitBatch _filling = new();
    private long _heldBytes;
    private long _accepted;
    private long _sent;
    private long _dropped;
    private long _lost;
    private volatile bool _ending;
    private bool _disposed;
    private volatile string _lastError = "";

    /// <summary>Starts to send over <paramref name="agent"/>, whose channel stays the caller's.</summary>
    public Emitter(CallInvoker agent, EmitterOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(agent);
        _agent = agent;
        _options = options ?? new EmitterOptions();
        _time = time ?? TimeProvider.System;
        _sending = Task.Run(SendAllAsync);
    }

    /// <summary>Envelopes taken.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Envelopes that the agent has confirmed.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Envelopes not taken, as the buffer was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Envelopes taken and given up; of a batch whose answer was lost this is an upper bound.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Why the last batch was tried again or given up, for the user; empty when all went well.</summary>
    public string LastError => _lastError;

    /// <summary>Whether a caller that may wait should go on adding.</summary>
    public bool HasRoom => Interlocked.Read(ref _heldBytes) <= _options.CapacityBytes / 2;

    /// <summary>Adds one envelope, which <paramref name="write"/> writes whole; false, and counted, when there is no room.</summary>
    public bool TryAdd<TState>(TState state, Action<MessageBuffer, TState> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        lock (_lock)
        {
            if (_heldBytes >= _options.CapacityBytes || _ending)
            {
                _dropped++;
                return false;
            }

            _scratch.Clear();
            write(_scratch, state);
            if (_filling.Count > 0 && _filling.Bytes + _scratch.Length > MaxBatchBytes)
            {
                _full.Enqueue(_filling);
                _filling = new EmitBatch();
            }

            _heldBytes += _filling.Add(_scratch.Span);
            _accepted++;
            if (_filling.Count >= MaxBatchEnvelopes)
            {
                _full.Enqueue(_filling);
                _filling = new EmitBatch();
            }
        }

        _work.Set();
        return true;
    }

    /// <summary>Completes when the buffer is at most half full, for callers that may wait instead of dropping.</summary>
    public Task WaitForRoomAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_heldBytes <= _options.CapacityBytes / 2 || _sending.IsCompleted)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancel);
        }
    }

    /// <summary>Takes nothing more and sends what is held, as long as <paramref name="cancel"/> allows; the rest is counted as lost.</summary>
    public async Task CompleteAsync(CancellationToken cancel)
    {
        End();
        await using (cancel.Register(_abort.Cancel).ConfigureAwait(false))
        {
            await _sending.ConfigureAwait(false);
        }
    }

    /// <summary>Gives up what is still held and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _abort.CancelAsync().ConfigureAwait(false);
        End();
        await _sending.ConfigureAwait(false);
        _abort.Dispose();
        _scratch.Dispose();
    }

    private void End()
    {
        lock (_lock)
        {
            _ending = true;
        }

        _work.Set();
    }

    private async Task SendAllAsync()
    {
        while (true)
        {
            var ending = _ending; // read first: once it is set nothing is added, so an empty buffer stays empty
            var batch = Take();
            if (batch is not null)
            {
                await SendAsync(batch).ConfigureAwait(false);
            }
            else if (ending)
            {
                break;
            }
            else
            {
                await _work.WaitAsync().ConfigureAwait(false);
            }
        }

        Release(0);
    }

    private EmitBatch? Take()
    {
        lock (_lock)
        {
            if (_full.TryDequeue(out var batch))
            {
                return batch;
            }

            if (_filling.Count == 0)
            {
                return null;
            }

            (batch, _filling) = (_filling, new EmitBatch());
            return batch;
        }
    }

    private async Task SendAsync(EmitBatch batch)
    {
        var started = _time.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            try
            {
                if (_abort.IsCancellationRequested)
                {
                    break;
                }

                using var call = _agent.AsyncUnaryCall(RawMethods.Send, null, new CallOptions(cancellationToken: _abort.Token), batch.Message);
                (await call.ResponseAsync.ConfigureAwait(false)).Dispose();
                Interlocked.Add(ref _sent, batch.Count);
                Finish(batch);
                return;
            }
            catch (RpcException e)
            {
                _lastError = PeerFailure.Text(e);
                if (e.StatusCode != StatusCode.Unavailable || _time.GetElapsedTime(started) + pause > _options.RetryFor)
                {
                    break;
                }
            }

            try
            {
                await Task.Delay(pause, _time, _abort.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        Interlocked.Add(ref _lost, batch.Count);
        Finish(batch);
    }

    private void Finish(EmitBatch batch)
    {
        Release(batch.Bytes);
        batch.Message.Dispose();
    }

    private void Release(long bytes)
    {
        TaskCompletionSource? room = null;
        lock (_lock)
        {
            _heldBytes -= bytes;
            if (_heldBytes <= _options.CapacityBytes / 2)
            {
                (room, _room) = (_room, null);
            }
        }

        room?.SetResult();
    }
}
