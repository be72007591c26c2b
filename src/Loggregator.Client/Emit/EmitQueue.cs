using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Client.Emit;

/// <summary>
/// What an <see cref="Emitter"/> holds, already in batches: any number of adders, one taker. Bounded in bytes and envelopes, with the batch that is
/// under way; what finds no room is treated as <see cref="EmitterOptions.WhenFull"/> says, and every loss is in the table.
/// </summary>
internal sealed class EmitQueue(EmitterOptions options, LossTable losses, AsyncSignal work) : IDisposable
{
    private readonly Lock _lock = new(); // the table's own lock is inside it
    private readonly Queue<EmitBatch> _full = [];
    private readonly List<(long Number, TaskCompletionSource Done)> _flushes = [];
    private EmitBatch _filling = new(0);
    private TaskCompletionSource? _room;
    private long _heldBytes;
    private long _held;
    private long _offered;
    private bool _ending;

    /// <summary>Bytes and envelopes of one batch: few enough that what is under way leaves room for what comes.</summary>
    private readonly long _batchBytes = Math.Min(options.BatchBytes, Math.Max(options.CapacityBytes / 4, 1));
    private readonly long _batchEnvelopes = Math.Min(options.BatchEnvelopes, Math.Max(options.CapacityEnvelopes / 4, 1));

    /// <summary>Whether there is something to take.</summary>
    public bool HasWork
    {
        get
        {
            lock (_lock)
            {
                return _full.Count > 0 || _filling.Count > 0;
            }
        }
    }

    /// <summary>Whether what there is should not wait for more.</summary>
    public bool Urgent
    {
        get
        {
            lock (_lock)
            {
                return _full.Count > 0 || _flushes.Count > 0 || _ending;
            }
        }
    }

    /// <summary>Whether nothing more is taken.</summary>
    public bool Ending
    {
        get
        {
            lock (_lock)
            {
                return _ending;
            }
        }
    }

    /// <summary>Whether it is at most half full.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_lock)
            {
                return IsHalfEmpty();
            }
        }
    }

    /// <summary>Envelopes offered so far, and those held now.</summary>
    public (long Offered, long Held) Counts
    {
        get
        {
            lock (_lock)
            {
                return (_offered, _held);
            }
        }
    }

    /// <summary>Adds one envelope; false, and counted, when it was not taken.</summary>
    public bool Add(ReadOnlySpan<byte> envelope)
    {
        var record = Records.HeaderLength(envelope.Length) + envelope.Length;
        var offered = false;
        while (true)
        {
            Task room;
            lock (_lock)
            {
                _offered += offered ? 0 : 1;
                offered = true;
                if (_ending)
                {
                    return Lose(envelope, LossReason.Shutdown);
                }

                if (envelope.Length > options.MaxEnvelopeBytes || record > options.CapacityBytes)
                {
                    return Lose(envelope, LossReason.TooLarge);
                }

                if (TryMakeRoom(record))
                {
                    Append(envelope, record);
                    return true;
                }

                if (options.WhenFull != WhenFull.Wait)
                {
                    return Lose(envelope, LossReason.RingFull);
                }

                room = RoomTask();
            }

            room.GetAwaiter().GetResult(); // the policy asks for it; the pool is told of a wait for a task and adds threads
        }
    }

    /// <summary>Counts an envelope that is none.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            _offered++;
            losses.Add([], [], LossReason.Invalid, 1, 0, hop: EmitSender.Hop);
        }

        work.Set();
    }

    /// <summary>Completes when it is at most half full, or takes nothing more.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (IsHalfEmpty() || _ending)
                {
                    return;
                }

                room = RoomTask();
            }

            await room.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when all that is held now has been sent or lost.</summary>
    public Task FlushAsync()
    {
        lock (_lock)
        {
            if (_held == 0)
            {
                return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _flushes.Add((Seal(), done));
            work.Set();
            return done.Task;
        }
    }

    /// <summary>Takes nothing more; what waits for room goes on and finds so.</summary>
    public void End()
    {
        TaskCompletionSource? room;
        lock (_lock)
        {
            _ending = true;
            (room, _room) = (_room, null);
        }

        room?.SetResult();
        work.Set();
    }

    /// <summary>The oldest batch, which stays charged until it is finished; null when nothing is held.</summary>
    public EmitBatch? Take()
    {
        lock (_lock)
        {
            if (_full.Count == 0 && _filling.Count > 0)
            {
                Seal();
            }

            return _full.TryDequeue(out var batch) ? batch : null;
        }
    }

    /// <summary>The batch that was taken has been sent or lost.</summary>
    public void Finish(EmitBatch batch, LossReason? lost)
    {
        TaskCompletionSource? room;
        List<TaskCompletionSource> flushed = [];
        lock (_lock)
        {
            _heldBytes -= batch.Bytes;
            _held -= batch.Count;
            if (lost is { } reason)
            {
                var reader = new RecordReader(batch.Span);
                while (reader.MoveNext())
                {
                    Lose(reader.Current, reason);
                }
            }

            (room, _room) = (_room, null);
            NoteFlushed(flushed);
        }

        batch.Dispose();
        room?.SetResult();
        flushed.ForEach(static flush => flush.SetResult());
    }

    /// <summary>After the last <see cref="Take"/> and <see cref="Add"/>.</summary>
    public void Dispose() => _filling.Dispose();

    private bool TryMakeRoom(int record)
    {
        while (_heldBytes + record > options.CapacityBytes || _held >= options.CapacityEnvelopes)
        {
            if (options.WhenFull != WhenFull.DropOldest || !TryDropOldest())
            {
                return false;
            }
        }

        return true;
    }

    private bool TryDropOldest()
    {
        var batch = _full.Count > 0 ? _full.Peek() : _filling;
        if (batch.Count == 0)
        {
            return false; // all that is held is under way
        }

        Lose(batch.First(out var record), LossReason.RingFull);
        batch.DropFirst(record);
        _heldBytes -= record;
        _held--;
        if (batch.Count == 0)
        {
            batch.Clear();
            if (batch != _filling)
            {
                _full.Dequeue().Dispose();
            }
        }

        return true;
    }

    private void Append(ReadOnlySpan<byte> envelope, int record)
    {
        if (_filling.Count > 0 && _filling.Written + record > _batchBytes)
        {
            Seal();
        }

        var first = _filling.Count == 0;
        _filling.Add(envelope);
        _heldBytes += record;
        _held++;
        if (_filling.Count >= _batchEnvelopes)
        {
            Seal();
        }

        if (first || _filling.Count == 0)
        {
            work.Set();
        }
    }

    /// <summary>Ends the batch that is being filled; the number of the last that is held.</summary>
    private long Seal()
    {
        if (_filling.Count > 0)
        {
            _full.Enqueue(_filling);
            _filling = new EmitBatch(_filling.Number + 1);
            work.Set();
        }

        return _filling.Number - 1;
    }

    private bool Lose(ReadOnlySpan<byte> envelope, LossReason reason)
    {
        RawEnvelope.TryReadHeader(envelope, out var header);
        losses.Add(
            header.SourceId.Of(envelope), header.InstanceId.Of(envelope), reason, 1, header.Timestamp, hop: EmitSender.Hop, upperBound: reason == LossReason.Unconfirmed);
        work.Set();
        return false;
    }

    // A batch that was dropped whole is not held any more: what is asked is the number of the first that is.
    private void NoteFlushed(List<TaskCompletionSource> flushed)
    {
        var first = _full.TryPeek(out var batch) ? batch.Number : _filling.Number;
        for (var i = _flushes.Count - 1; i >= 0; i--)
        {
            if (_flushes[i].Number < first)
            {
                flushed.Add(_flushes[i].Done);
                _flushes.RemoveAt(i);
            }
        }
    }

    private bool IsHalfEmpty() => _heldBytes <= options.CapacityBytes / 2 && _held <= options.CapacityEnvelopes / 2;

    private Task RoomTask() => (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
