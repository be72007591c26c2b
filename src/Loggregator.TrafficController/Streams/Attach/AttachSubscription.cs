using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Streams.Cursors;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>
/// One subscription of an Attach stream. What it cannot be given for want of credit stays in the window that it has at each Doppler, and
/// beyond that in their logs. The session's pump only.
/// </summary>
internal sealed class AttachSubscription : IStreamOutput, IDisposable
{
    private readonly Subscriptions _all;
    private readonly FrameWriter _frame;
    private readonly PageWriter _pages;
    private readonly AttachPeer _peer;
    private readonly Action _ready;
    private readonly long _unreadFrom; // who has read nothing of a Doppler wants from it what came since then, UNIX nanoseconds
    private OpenQuery? _change;
    private SubscriptionReading _reading;
    private List<StreamItem> _items = [];
    private StreamGap[] _gaps = [];
    private int _next; // of the items
    private int _told; // of the gaps
    private bool _moved;

    public AttachSubscription(uint id, OpenQuery query, Subscriptions all, FrameWriter frame, AttachPeer peer, Action<AttachSubscription> ready)
    {
        Id = id;
        _all = all;
        _frame = frame;
        _peer = peer;
        _ready = () => ready(this);
        _reading = all.Read(query, this, _ready, peer);
        _pages = new PageWriter(id, frame, all.Counters) { Stream = _reading.Stream, MaxEnvelopeBytes = query.MaxEnvelopeBytes };
        _unreadFrom = query.Cursor?.MintedAt ?? query.Since ?? _reading.Stream.OpenedAt;
    }

    public uint Id { get; }

    /// <summary>Whether it gets envelopes of version 1.</summary>
    public bool IsV1 => _reading.Stream.Request.V1 is not null;

    /// <summary>It waits for its turn. Guarded by the session.</summary>
    public bool Queued { get; set; }

    public bool Closed { get; private set; }

    /// <summary>How the role's clock sees it.</summary>
    public OpenStream Clock => _reading.Open;

    /// <inheritdoc/>
    public bool Full => _pages.Full;

    /// <summary>Adds credit.</summary>
    public void Grant(ulong bytes) => _pages.Grant(bytes);

    /// <summary>Asks for something else from where it stands; done as soon as history has been written.</summary>
    public void Change(OpenQuery query) => _change = query;

    /// <summary>Counts envelopes that were in a frame and could not be written.</summary>
    public void Discard(long envelopes) => _reading.Stream.Discard(envelopes);

    /// <summary>Puts into the frame what there is credit for. True: there is more, as soon as the frame has been written.</summary>
    public bool Fill()
    {
        ChangeIfDue();
        var fits = true;
        while (fits && HasItem())
        {
            fits = Handle(_items[_next]);
            _next += fits ? 1 : 0;
        }

        fits = fits && !_reading.Cursors.Advance();
        TellCursor();
        ChangeIfDue();
        return (!fits && _pages.HasCredit) || (_change is not null && _frame.Full);
    }

    /// <inheritdoc/>
    public bool IsForeign(ReadOnlySpan<byte> envelope) => false;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> envelope, int copies)
    {
        _moved = true;
        _pages.Write(envelope, copies);
    }

    /// <inheritdoc/>
    public void History(long startsAt, bool agedOut, long leftOut) => Tell(new Notice
    {
        History = new HistoryStart { StartsAt = startsAt, AgedOut = agedOut, LeftOut = (ulong)leftOut },
    });

    /// <inheritdoc/>
    public void Live() => Tell(new Notice { Live = true });

    /// <inheritdoc/>
    public void DopplerLost(string doppler, bool planned, string detail) => Tell(new Notice
    {
        DopplerLost = new DopplerChange { Doppler = doppler, Planned = planned, Detail = detail },
    });

    /// <inheritdoc/>
    public void DopplerBack(string doppler, bool restarted) => Tell(new Notice
    {
        DopplerBack = new DopplerChange { Doppler = doppler, Restarted = restarted },
    });

    public void Dispose()
    {
        Closed = true;
        EndReading();
        _all.Remove();
    }

    private void Tell(Notice notice)
    {
        _moved = true;
        notice.Subscription = Id;
        _frame.Tell(new AttachFrame { Notices = { notice } });
    }

    // Until there is nothing: who is waiting for its turn is not called again for what comes meanwhile.
    private bool HasItem()
    {
        if (_next == _items.Count)
        {
            _items.Clear();
            _next = 0;
            _reading.Stream.Take(ref _items);
        }

        return _items.Count > 0;
    }

    private bool Handle(in StreamItem item)
    {
        switch (item.Kind)
        {
            case StreamItemKind.Page when item.Page is { } page:
                if (_reading.Cursors.TryKeep(item))
                {
                    return true;
                }

                if (!_pages.Write(page))
                {
                    return false;
                }

                _reading.Cursors.Wrote(item);
                _reading.Stream.Release(item);
                _moved = true;
                return true;
            case StreamItemKind.Gap:
                return TellGaps();
            default:
                _reading.Cursors.Handle(item);
                _moved |= item.Kind == StreamItemKind.Opened;
                return true;
        }
    }

    private bool TellGaps()
    {
        if (_told == _gaps.Length)
        {
            _gaps = _reading.Stream.TakeGaps();
            _told = 0;
        }

        for (; _told < _gaps.Length; _told++)
        {
            if (_frame.Full)
            {
                return false;
            }

            Interlocked.Add(ref _all.Counters.ToldLost, (long)_gaps[_told].Count);
            _frame.Tell(Id, _gaps[_told]);
        }

        return true;
    }

    private void TellCursor()
    {
        if (_moved && !_pages.InPage && _reading.Cursors.CursorHolds && _reading.Cursors.At(_unreadFrom) is { Marks.Count: > 0 } cursor)
        {
            _moved = false;
            _frame.Tell(new AttachFrame { Cursors = { new SubscriptionCursor { Subscription = Id, Cursor = cursor.ToString() } } });
        }
    }

    private void ChangeIfDue()
    {
        if (_change is { } change && _reading.Cursors.Over && !_pages.InPage && TellGaps())
        {
            _change = null;
            _reading.Cursors.CatchUp();
            var query = change.From(_reading.Cursors.At(_unreadFrom));
            _reading.Stream.Superseded = true;
            EndReading();
            _reading = _all.Read(query, this, _ready, _peer);
            (_pages.Stream, _pages.MaxEnvelopeBytes) = (_reading.Stream, query.MaxEnvelopeBytes);
        }
    }

    private void EndReading()
    {
        for (; _next < _items.Count; _next++)
        {
            _reading.Stream.Discard((_items[_next].Page?.Deliveries ?? 0) - _pages.Handled);
            _reading.Stream.Release(_items[_next]);
            _pages.Abandon();
        }

        _reading.Dispose();
    }
}
