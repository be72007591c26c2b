using System.Threading.Tasks.Sources;

namespace Loggregator.Pipeline.Flow;

/// <summary>
/// Wakes one waiter, without allocation. Any number of setters from any thread, one waiter at a time; sets between two waits count once.
/// </summary>
public sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0, Waiting = 1, Signalled = 2;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Wakes the waiter, or lets the next wait return at once.</summary>
    public void Set()
    {
        if (Volatile.Read(ref _state) == Signalled)
        {
            return;
        }

        if (Interlocked.Exchange(ref _state, Signalled) == Waiting)
        {
            _core.SetResult(true);
        }
    }

    /// <summary>Completes at the next <see cref="Set"/>, or at once if there was one since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Idle) == Signalled ? Consume() : new ValueTask(this, _core.Version);
    }

    private ValueTask Consume()
    {
        Volatile.Write(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);
        Volatile.Write(ref _state, Idle);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
