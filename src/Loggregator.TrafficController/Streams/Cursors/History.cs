using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Cursors;

/// <summary>
/// The first phase of a stream that asks for history: collects what the Dopplers held when it was opened, writes it merged, and ends when
/// each of them is done, lost, or has been silent for too long.
/// </summary>
internal sealed class History(
    EnvelopeStream stream,
    IStreamOutput output,
    Positions positions,
    int lastLines,
    bool resumes,
    TrafficControllerOptions options,
    TimeProvider time,
    TrafficControllerCounters counters)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly HistoryMerge _merge = new(lastLines, options.HistoryBytes, counters);
    private long _progress = time.GetTimestamp();
    private bool _full;
    private bool _announced;
    private bool _agedOut;
    private bool _keptBegun;
    private bool? _counts; // the last lines are found by counting off those before; null while that cannot be told
    private long _passed; // records taken while it counts
    private ITimer? _clock;

    /// <summary>Everything has been written.</summary>
    public bool Over { get; private set; }

    /// <summary>Whether what has been written reaches up to the positions.</summary>
    public bool CursorHolds => Over || lastLines == 0 || _counts == true;

    /// <summary>Sees which Dopplers there are; those that cannot be reached are not waited for.</summary>
    public void Begin()
    {
        if (!stream.Request.Start.WantsHistory)
        {
            Over = true;
            return;
        }

        foreach (var member in stream.Memberships)
        {
            _merge.QueueOf(member).Done = member.Node.Tried && member.Node.Attachment.Identity is null;
        }

        _clock = time.CreateTimer(static stream => ((EnvelopeStream)stream!).Wake(), stream, Look, Look);
    }

    public void Opened(Membership member, Opened opened)
    {
        _progress = time.GetTimestamp();
        if (!Over && stream.Request.Start.WantsHistory && opened.HasHistory)
        {
            _merge.QueueOf(member).Announced = (long)opened.History;
        }

        _agedOut |= opened.AgedOut;
    }

    /// <summary>Takes a page into the merge; false when it is live.</summary>
    public bool TryKeep(in StreamItem item)
    {
        if (Over || item.Member is null)
        {
            return false;
        }

        _progress = time.GetTimestamp();
        _merge.QueueOf(item.Member).Add(item);
        return true;
    }

    public void Done(Membership member)
    {
        if (!Over)
        {
            _progress = time.GetTimestamp();
            _merge.QueueOf(member).Done = true;
        }
    }

    /// <summary>Writes what can be written in order. True: the output is full; then there is more.</summary>
    public bool Advance()
    {
        _progress = _full ? time.GetTimestamp() : _progress; // it was the client that took its time
        _full = output.Full;
        GiveUpOnSilent();
        if (!Decide())
        {
            return _full;
        }

        while (!_full && _merge.Next() is { } queue)
        {
            Take(queue);
            _full = output.Full;
        }

        if (!_full && _merge.Complete)
        {
            WriteKept();
        }

        return _full;
    }

    /// <summary>Gives up what was not written.</summary>
    public void Abandon()
    {
        foreach (var queue in _merge.Queues)
        {
            stream.Discard(queue.Deliveries);
            while (queue.TryTakePage(out var item))
            {
                stream.Release(item);
            }
        }

        stream.Discard(_merge.Abandon());
        _clock?.Dispose();
    }

    private void GiveUpOnSilent()
    {
        if (_full || time.GetElapsedTime(_progress) < options.HistoryPatience)
        {
            return;
        }

        foreach (var queue in _merge.Queues)
        {
            queue.Done = true;
        }
    }

    // Few lines are kept back, which finds exactly the last of them; of more, those before are counted off, which takes no memory.
    private bool Decide()
    {
        if (_counts is null)
        {
            _counts = lastLines <= options.MaxHistoryLines || stream.Request.Start.Count != lastLines ? false
                : _merge.Total is not null ? true
                : _merge.Queues.Any(queue => queue is { Total: null } && queue.Bytes * 2 >= options.ClientBytes) ? false
                : null;
        }

        return _counts is not null;
    }

    private void Take(HistoryQueue queue)
    {
        if (_counts == true && _passed++ < (_merge.Total ?? 0) - lastLines)
        {
            Interlocked.Add(ref counters.Trimmed, queue.Page.Copies);
        }
        else if (output.IsForeign(queue.Envelope))
        {
            Interlocked.Add(ref counters.Filtered, queue.Page.Copies);
        }
        else if (!_merge.IsCopy(queue))
        {
            if (lastLines > 0 && _counts == false)
            {
                _merge.Keep(queue);
            }
            else
            {
                Announce(queue.Timestamp);
                output.Write(queue.Envelope, queue.Page.Copies);
            }
        }

        if (queue.Advance() is { } used)
        {
            positions.Set(used.Place);
            stream.Release(used);
        }
    }

    private void WriteKept()
    {
        while (!_full && _merge.TryTakeKept(out var page, out var offset, out var length))
        {
            var record = new RecordReader(page!.Records.Slice(offset, length));
            record.MoveNext();
            if (!_keptBegun)
            {
                _keptBegun = true;
                Announce(page.TimestampOf(record.Current));
            }

            output.Write(record.Current, page.Copies);
            page.Release();
            _full = output.Full;
        }

        if (!_full)
        {
            Announce(0);
            Over = true;
            _clock?.Dispose();
        }
    }

    private void Announce(long startsAt)
    {
        if (!_announced)
        {
            _announced = true;
            if (resumes && !_agedOut)
            {
                return; // it goes on, and history is as long as it was away
            }

            output.History(startsAt, _agedOut, _merge.BeyondBudget);
        }
    }
}
