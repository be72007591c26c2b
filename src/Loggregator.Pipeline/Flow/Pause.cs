namespace Loggregator.Pipeline.Flow;

/// <summary>A wait for a while or for a signal, without allocation at each wait. One waiter.</summary>
public sealed class Pause : IDisposable
{
    private readonly AsyncSignal _signal;
    private readonly ITimer _timer;

    /// <summary>A pause that sets <paramref name="signal"/> when its time is up.</summary>
    public Pause(TimeProvider time, AsyncSignal signal)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(signal);
        _signal = signal;
        _timer = time.CreateTimer(static state => ((AsyncSignal)state!).Set(), signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Has the signal set after <paramref name="delay"/>, in place of an earlier time.</summary>
    public void SetAfter(TimeSpan delay) =>
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(delay.TotalMilliseconds, 0))), Timeout.InfiniteTimeSpan);

    /// <summary>Has the signal set every <paramref name="period"/>.</summary>
    public void SetEvery(TimeSpan period) => _timer.Change(period, period);

    /// <summary>Waits so long, or until somebody else sets the signal.</summary>
    public ValueTask WaitAsync(TimeSpan delay)
    {
        SetAfter(delay);
        return _signal.WaitAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();
}
