using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// The thread that writes: it gathers appends for at most an interval, makes them durable together, and gives back the room of what was delivered. While
/// the disk refuses, it tries again and appends wait. Any thread appends; a thread of its own, because a sync blocks for milliseconds.
/// </summary>
internal sealed class Committer : IDisposable
{
    private static readonly TimeSpan MarkInterval = TimeSpan.FromSeconds(1), DropNotice = TimeSpan.FromMinutes(1), TellAgain = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromSeconds(2);

    private readonly SpoolState _state;
    private readonly SegmentWriter _writer;
    private readonly Eviction _eviction;
    private readonly Thread _thread;
    private readonly Queue<(SpoolEntry Entry, TaskCompletionSource Stored)> _waiting = new(); // as many as the callers let wait
    private AppendGroup _filling = new();
    private AppendGroup _writing = new();
    private bool _urgent;
    private long _begunAt; // of the group that is being filled
    private long? _toldAt; // that nothing is stored
    private bool _told;
    private bool _stopping;
    private bool _sweepFailed;
    private long _committedAt;
    private long _markedAt;
    private long? _noticedAt;

    public Committer(SpoolState state)
    {
        _state = state;
        _writer = new SegmentWriter(state);
        _eviction = new Eviction(state);
        _thread = new Thread(Run) { IsBackground = true, Name = "Spool" };
    }

    public void Start() => _thread.Start();

    /// <summary>Adds to the next group, or to one after it when it is full; in the order of the calls. Ends when it is durable.</summary>
    public Task AddAsync(in SpoolEntry entry)
    {
        lock (_state.Gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, typeof(EnvelopeSpool));
            if (_waiting.Count == 0 && Fits(entry))
            {
                _filling.Add(entry);
                if (_filling.Blocks == 1)
                {
                    _begunAt = _state.Time.GetTimestamp();
                    Monitor.Pulse(_state.Gate);
                }

                return _filling.Durable;
            }

            var stored = AppendGroup.NewDurable();
            _waiting.Enqueue((entry with { Buffer = entry.Buffer.Retain(), Positions = entry.Positions.ToArray() }, stored));
            _urgent = true;
            Monitor.Pulse(_state.Gate);
            return stored.Task;
        }
    }

    /// <summary>Takes no more appends, makes durable what was added, and ends. Appends that the disk refuses fail.</summary>
    public void Dispose()
    {
        lock (_state.Gate)
        {
            _stopping = true;
            Monitor.PulseAll(_state.Gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (WaitForWork(out var hasGroup))
        {
            if (hasGroup)
            {
                Commit();
            }

            if (IsMarkDue() || HasRubbish())
            {
                Sweep();
            }
        }

        _writer.Dispose();
        Sweep();
    }

    // False when it shall end: then nothing is left to write.
    private bool WaitForWork(out bool hasGroup)
    {
        lock (_state.Gate)
        {
            while (true)
            {
                hasGroup = _filling.Blocks > 0;
                var pause = hasGroup ? UntilCommit()
                    : _state.MarkDirty ? MarkInterval - _state.Time.GetElapsedTime(_markedAt)
                    : Timeout.InfiniteTimeSpan;
                if (hasGroup && (pause <= TimeSpan.Zero || _urgent || _stopping))
                {
                    (_filling, _writing) = (_writing, _filling);
                    Refill();
                    return true;
                }

                if (!hasGroup && _stopping)
                {
                    return false;
                }

                if (HasRubbish() || (pause <= TimeSpan.Zero && pause != Timeout.InfiniteTimeSpan))
                {
                    hasGroup = false;
                    return true;
                }

                Monitor.Wait(_state.Gate, pause == Timeout.InfiniteTimeSpan ? pause : TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)));
            }
        }
    }

    // What comes together is stored together: frames arrive in bursts, and each commit costs a sync and several wake-ups.
    private TimeSpan UntilCommit()
    {
        var interval = _state.Options.CommitInterval;
        var (since, gathering) = (interval - _state.Time.GetElapsedTime(_committedAt), (interval / 5) - _state.Time.GetElapsedTime(_begunAt));
        return since > gathering ? since : gathering;
    }

    private bool Fits(in SpoolEntry entry) => _filling.Blocks == 0 || _filling.Bytes + entry.Length <= _state.Options.GroupBytes;

    private void Refill()
    {
        while (_waiting.TryPeek(out var next) && Fits(next.Entry))
        {
            _waiting.Dequeue();
            _filling.AddLate(next.Entry, next.Stored);
            next.Entry.Buffer.Dispose(); // the group has its own hold on it
        }

        _urgent = _waiting.Count > 0;
        _begunAt = _state.Time.GetTimestamp();
    }

    private void Commit()
    {
        _committedAt = _state.Time.GetTimestamp();
        var pause = FirstPause;
        for (var attempt = 0; !TryWrite(attempt, out var refused); attempt++)
        {
            if (refused is null)
            {
                continue;
            }

            if (_state.Trouble is null && (_toldAt is not { } at || _state.Time.GetElapsedTime(at) >= TellAgain))
            {
                (_told, _toldAt) = (true, _state.Time.GetTimestamp());
                SpoolLog.Stopped(_state.Logger, _state.Options.Directory, refused);
            }

            _state.Trouble = refused;
            if (!Pause(pause))
            {
                _writing.Reset(new SpoolException($"The spool {_state.Options.Directory} was closed before this was stored: {refused}"));
                return;
            }

            pause = pause < LongestPause ? pause * 2 : LongestPause;
        }

        if (_state.Trouble is not null)
        {
            _state.Trouble = null;
            if (_told)
            {
                _told = false;
                SpoolLog.Resumed(_state.Logger, _state.Options.Directory);
            }
        }

        _writing.Reset();
        _state.Readable.Set();
    }

    // When it returns false, refused says why nothing was written; null: it is worth another try at once.
    private bool TryWrite(int attempt, out string? refused)
    {
        refused = null;
        try
        {
            if (!MakeRoom())
            {
                refused = $"its {_state.Options.MaxBytes} bytes are used up. It goes on when the sink has taken some.";
                return false;
            }

            _writer.Write(_writing);
            return true;
        }
        catch (Exception e) when (DiskFault.IsFull(e))
        {
            Interlocked.Increment(ref _state.Counters.Failures);
            refused = GiveBack() || Drop() ? null : $"the disk is full ({e.Message}). It goes on when there is room again.";
            return false;
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            Interlocked.Increment(ref _state.Counters.Failures);
            refused = attempt == 0 ? null : $"the disk refuses: {e.Message} It is tried again.";
            return false;
        }
    }

    private bool MakeRoom()
    {
        while (_state.Read(state => state.Bytes) + _writing.Bytes + SegmentHeader.Length > _state.Options.MaxBytes)
        {
            if (!GiveBack() && !Drop())
            {
                return false;
            }
        }

        return true;
    }

    // The room of what was delivered, also that of the segment which is being written to when all of it was.
    private bool GiveBack()
    {
        if (_writer.Current is { } current && _state.Read(state => state.Delivered.Covers(current.Records)))
        {
            _writer.Close();
        }

        return Sweep();
    }

    private bool Drop()
    {
        if (_state.Options.WhenFull != BufferFull.DropOldest
            || (!_eviction.TryEvict(_writer.Current) && !(_writer.Close() && _eviction.TryEvict(null))))
        {
            return false;
        }

        if (_noticedAt is not { } noticed || _state.Time.GetElapsedTime(noticed) > DropNotice)
        {
            _noticedAt = _state.Time.GetTimestamp();
            SpoolLog.Dropped(_state.Logger, _state.Options.Directory, Interlocked.Read(ref _state.Counters.Dropped));
        }

        return true;
    }

    // Ends early when something was delivered, for then there may be room; false when the spool shall end.
    private bool Pause(TimeSpan longest)
    {
        lock (_state.Gate)
        {
            if (!_stopping)
            {
                Monitor.Wait(_state.Gate, longest);
            }

            return !_stopping;
        }
    }

    private bool IsMarkDue() => _state.Read(state => state.MarkDirty) && _state.Time.GetElapsedTime(_markedAt) >= MarkInterval;

    private bool HasRubbish() => !_sweepFailed && _state.Read(state => state.Segments.Exists(IsRubbish));

    private bool IsRubbish(Segment segment) => segment != _writer.Current && _state.Delivered.Covers(segment.Records);

    // Gives back the room of what was delivered, after it is on the disk that it was; false when there was nothing to give back.
    private bool Sweep()
    {
        _markedAt = _state.Time.GetTimestamp();
        _sweepFailed = _state.Read(state => state.MarkDirty) && !_state.SyncMark(); // it is then tried again when the mark is due
        if (_sweepFailed)
        {
            return false;
        }

        List<Segment> gone;
        lock (_state.Gate)
        {
            gone = _state.Segments.FindAll(IsRubbish);
            _state.Segments.RemoveAll(IsRubbish);
        }

        try
        {
            gone.ForEach(segment => _state.Files.Delete(segment.Name));
            if (gone.Count > 0)
            {
                _state.Files.Sync();
            }
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            SpoolLog.NotSwept(_state.Logger, _state.Options.Directory, e.Message);
        }

        return gone.Count > 0;
    }
}
