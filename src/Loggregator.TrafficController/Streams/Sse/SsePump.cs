using System.Text;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// The loop of every SSE stream: takes what has come, writes it, flushes once, gives the credit back; in between heartbeats, and at last
/// the closing event. How things are said is the subclass's.
/// </summary>
internal abstract class SsePump(OpenStream open, SseWriter sse, SseTimes times, TimeProvider time)
{
    protected const long FlushAt = 256 * 1024; // bytes of one flush, and of one batch event
    private readonly long _opened = time.GetTimestamp();
    private List<StreamItem> _items = [];

    protected EnvelopeStream Stream { get; } = open.Envelopes;

    protected SseWriter Sse { get; } = sse;

    /// <summary>Writes envelopes.</summary>
    protected abstract BatchWriter Batch { get; }

    /// <summary>There is nothing more to come: end after this round.</summary>
    protected bool Ended { get; set; }

    public async Task RunAsync(CancellationToken cancel)
    {
        await using var wake = cancel.UnsafeRegister(static stream => ((EnvelopeStream)stream!).Wake(), Stream);
        try
        {
            await Sse.BeginAsync(cancel);
            Begin();
            while (await RoundAsync(cancel))
            {
                open.WakeAt(NextDue());
                if (!open.Draining)
                {
                    await Stream.WaitAsync();
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client has gone, or was cut off.
        }
        finally
        {
            Stream.Discard(Batch.Unconfirmed);
            Abandon();
            Batch.Dispose();
        }
    }

    /// <summary>The stream is open; says what comes first.</summary>
    protected virtual void Begin()
    {
    }

    /// <summary>Writes an item; false when the subclass keeps its page and releases it later.</summary>
    protected abstract bool Handle(in StreamItem item);

    /// <summary>All that had come has been handled; what was kept may be written now. True: there is more, flush and ask again.</summary>
    protected virtual bool Advance() => false;

    /// <summary>Says that the stream ends.</summary>
    protected virtual void Close(string reason) => Sse.Event("closing", Encoding.UTF8.GetBytes(reason));

    /// <summary>Gives up what was kept.</summary>
    protected virtual void Abandon()
    {
    }

    private async Task<bool> RoundAsync(CancellationToken cancel)
    {
        var draining = open.Draining;
        Stream.Take(ref _items);
        var idle = _items.Count == 0;
        if (!await HandleAllAsync(cancel))
        {
            return false;
        }

        while (Advance())
        {
            if (!await FlushAsync(cancel))
            {
                return false;
            }
        }

        var now = time.GetTimestamp();
        var reason = Ended ? "" : draining && idle ? "closing due to shutdown" : IsOver(now) ? "closing due to stream timeout" : null;
        if (reason is not null)
        {
            Batch.End();
            Close(reason);
        }
        else if (now - Sse.LastWrite >= times.Heartbeat && Sse.Unflushed == 0)
        {
            Sse.Heartbeat();
        }

        return await FlushAsync(cancel) && reason is null;
    }

    private async ValueTask<bool> HandleAllAsync(CancellationToken cancel)
    {
        var released = 0;
        var next = 0;
        try
        {
            while (next < _items.Count)
            {
                if (!Handle(_items[next]))
                {
                    _items[next] = _items[next] with { Page = null };
                }

                next++;
                if (Sse.Unflushed >= FlushAt)
                {
                    if (!await FlushAsync(cancel))
                    {
                        return false;
                    }

                    released = Release(released, next);
                }
            }

            return await FlushAsync(cancel);
        }
        finally
        {
            for (var i = next; i < _items.Count; i++)
            {
                Stream.Discard(_items[i].Page?.Deliveries ?? 0);
            }

            Release(released, _items.Count);
            _items.Clear();
        }
    }

    private async ValueTask<bool> FlushAsync(CancellationToken cancel)
    {
        Batch.End();
        if (!await Sse.FlushAsync(cancel))
        {
            return false;
        }

        Batch.Confirm();
        return true;
    }

    private int Release(int from, int to)
    {
        for (; from < to; from++)
        {
            Stream.Release(_items[from]);
        }

        return from;
    }

    private bool IsOver(long now) => times.Life > 0 && now - _opened >= times.Life;

    private long NextDue()
    {
        var due = Sse.LastWrite + times.Heartbeat;
        return times.Life > 0 ? Math.Min(due, _opened + times.Life) : due;
    }
}
