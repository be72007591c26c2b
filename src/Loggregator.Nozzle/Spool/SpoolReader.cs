using Loggregator.Nozzle.Delivery;

namespace Loggregator.Nozzle.Spool;

/// <summary>
/// Reads a spool for its sink, what is durable only. One call at a time; the batches that it gives may be out together.
/// </summary>
internal sealed class SpoolReader : IDisposable
{
    /// <summary>Live envelopes that are older than this are left to the background, and live goes on with those of the last moment.</summary>
    private const long LiveNanoseconds = 800_000_000, MomentNanoseconds = 600_000_000;

    /// <summary>More stretches of undelivered records are not opened: live then falls behind instead.</summary>
    private const int MaxStretches = 500;

    private readonly SpoolState _state;
    private readonly BufferOrder _order;
    private readonly SpoolCursor _oldest;
    private readonly SpoolCursor _live;
    private ulong _liveNext;
    private long _owed;

    internal SpoolReader(SpoolState state, BufferOrder order, int batchBytes)
    {
        (_state, _order) = (state, order);
        _oldest = new SpoolCursor(state, batchBytes);
        _live = new SpoolCursor(state, batchBytes);
        _liveNext = state.Read(s => s.NextRecord);
    }

    /// <summary>The next batch, as soon as there is one. The caller disposes it.</summary>
    /// <exception cref="IOException">The disk refuses now; it may be asked again.</exception>
    public async ValueTask<SpoolBatch> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (TryRead() is { } batch)
            {
                return batch;
            }

            await WaitAsync(cancel);
        }
    }

    /// <summary>Ends when there may be something to read, or the wait is cancelled.</summary>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        using var woken = cancel.Register(_state.Readable.Set);
        await _state.Readable.WaitAsync();
    }

    /// <summary>The next batch if there is one now. The caller disposes it.</summary>
    /// <exception cref="IOException">The disk refuses now; it may be asked again.</exception>
    public SpoolBatch? TryRead()
    {
        if (_order == BufferOrder.Fifo)
        {
            return ReadOldest(ulong.MaxValue);
        }

        if (_owed > 0 && ReadOldest(_liveNext) is { } behind)
        {
            _owed = Math.Max(-behind.Bytes, _owed - behind.Bytes);
            return behind;
        }

        return ReadLive() ?? ReadOldest(_liveNext);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _oldest.Dispose();
        _live.Dispose();
    }

    private SpoolBatch? ReadOldest(ulong until)
    {
        var (from, to) = _state.Read(state => (state.Taken.NextOutside(0), Math.Min(until, state.Taken.NextInside(state.Taken.NextOutside(0)))));
        return from < to ? _oldest.Read(from, to) : null;
    }

    private SpoolBatch? ReadLive()
    {
        while (true)
        {
            var (from, to) = _state.Read(state => (state.Taken.NextOutside(_liveNext), state.Taken.NextInside(state.Taken.NextOutside(_liveNext))));
            if (_live.Read(from, to) is not { } batch)
            {
                return null;
            }

            if (_state.Now - batch.OldestAt > LiveNanoseconds && TryGoToEnd(batch))
            {
                batch.Dispose();
                continue;
            }

            _liveNext = batch.Records.To;
            _owed += batch.Bytes / 2;
            return batch;
        }
    }

    // False when it is at the end already, or too many stretches are open.
    private bool TryGoToEnd(SpoolBatch batch)
    {
        var end = _state.Read(state => state.Taken.Ranges.Count < MaxStretches ? state.FirstSince(state.Now - MomentNanoseconds) : 0);
        if (end <= batch.Records.To)
        {
            return false;
        }

        _liveNext = end;
        return true;
    }
}
