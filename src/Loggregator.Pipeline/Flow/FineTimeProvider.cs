namespace Loggregator.Pipeline.Flow;

/// <summary>
/// The system's time, with timers that keep to about a millisecond: .NET's own look at a clock that on Linux advances every 1 to 10 ms, which
/// is longer than most pauses of a link. One thread serves all short timers; it sleeps while there are none.
/// </summary>
public sealed class FineTimeProvider : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(16); // above it .NET's timers are fine enough
    private readonly object _gate = new(); // a monitor: the thread waits for it
    private readonly List<FineTimer> _armed = [];
    private readonly List<FineTimer> _due = [];
    private bool _idle;

    private FineTimeProvider()
    {
        new Thread(Run) { IsBackground = true, Name = "Fine timers" }.Start();
    }

    /// <summary>The process's only one.</summary>
    public static FineTimeProvider Shared { get; } = new();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new FineTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ITimer CreateCoarse(TimerCallback callback, object? state) =>
        base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Arm(FineTimer timer, TimeSpan dueTime)
    {
        lock (_gate)
        {
            timer.Due = GetTimestamp() + (long)(dueTime.TotalSeconds * TimestampFrequency);
            if (timer.Index < 0)
            {
                timer.Index = _armed.Count;
                _armed.Add(timer);
            }

            if (_idle)
            {
                _idle = false;
                Monitor.Pulse(_gate);
            }
        }
    }

    private void Disarm(FineTimer timer)
    {
        lock (_gate)
        {
            if (timer.Index >= 0)
            {
                RemoveAt(timer.Index);
            }
        }
    }

    private void RemoveAt(int index)
    {
        var last = _armed[^1];
        _armed[index].Index = -1;
        if (last != _armed[index])
        {
            _armed[index] = last;
            last.Index = index;
        }

        _armed.RemoveAt(_armed.Count - 1);
    }

    // Every armed timer is due within 16 ms, so a look each millisecond costs little; one that is nearly due is taken along.
    private void Run()
    {
        var early = TimestampFrequency / 4_000;
        while (true)
        {
            lock (_gate)
            {
                _idle = _armed.Count == 0;
                Monitor.Wait(_gate, _idle ? Timeout.Infinite : 1);
                var now = GetTimestamp() + early;
                for (var i = _armed.Count - 1; i >= 0; i--)
                {
                    if (_armed[i].Due <= now)
                    {
                        _due.Add(_armed[i]);
                        RemoveAt(i);
                    }
                }
            }

            foreach (var timer in _due)
            {
                timer.Fire();
            }

            _due.Clear();
        }
    }

    private sealed class FineTimer(FineTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private ITimer? _coarse;
        private bool _coarseArmed;

        public long Due { get; set; }

        /// <summary>Its place among the armed ones; -1 when it is not armed.</summary>
        public int Index { get; set; } = -1;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var isShort = period == Timeout.InfiniteTimeSpan && dueTime >= TimeSpan.Zero && dueTime < Short;
            if (_coarseArmed || !isShort)
            {
                _coarse ??= clock.CreateCoarse(callback, state);
                _coarseArmed = !isShort && dueTime != Timeout.InfiniteTimeSpan;
                _coarse.Change(isShort ? Timeout.InfiniteTimeSpan : dueTime, isShort ? Timeout.InfiniteTimeSpan : period);
            }

            if (isShort)
            {
                clock.Arm(this, dueTime);
            }
            else
            {
                clock.Disarm(this);
            }

            return true;
        }

        public void Dispose()
        {
            clock.Disarm(this);
            _coarse?.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
