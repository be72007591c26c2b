using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
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
    private readonly AttachPeer _peer;
    private readonly Action _ready;
    private OpenQuery _query;
    private OpenQuery? _change;
    private SubscriptionReading _reading;
    private List<StreamItem> _items = [];
    private StreamGap[] _gaps = [];
    private int _next; // of the items
    private int _at; // of the records of that item's page
    private long _handled; // deliveries of that page that were written or dropped
    private int _told; // of the gaps
    private long _credit;
    private bool _moved;

    public AttachSubscription(uint id, OpenQuery query, Subscriptions all, FrameWriter frame, AttachPeer peer, Action<AttachSubscription> ready)
    {
        Id = id;
        _query = query;
        _all = all;
        _frame = frame;
        _peer = peer;
        _ready = () => ready(this);
        _reading = all.Read(query, this, _ready, peer);
        UnreadFrom = query.Cursor?.MintedAt ?? query.Since ?? _reading.Stream.OpenedAt;
    }

    public uint Id { get; }

    /// <summary>Whether it gets envelopes of version 1.</summary>
    public bool IsV1 => _query.Request.V1 is not null;

    /// <summary>It waits for its turn. Guarded by the session.</summary>
    public bool Queued { get; set; }

    public bool Closed { get; private set; }

    /// <summary>How the role's clock sees it.</summary>
    public OpenStream Clock => _reading.Open;

    /// <inheritdoc/>
    public bool Full => _credit <= 0 || _frame.Full;

    // Who has read nothing of a Doppler wants from it what came since then, UNIX nanoseconds.
    private long UnreadFrom { get; }

    /// <summary>Adds credit.</summary>
    public void Grant(ulong bytes) => _credit += (long)Math.Min(bytes, (ulong)(long.MaxValue - Math.Max(_credit, 0)));

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
        return !fits && _credit > 0;
    }

    /// <inheritdoc/>
    public bool IsForeign(ReadOnlySpan<byte> envelope) => false;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> envelope, int copies)
    {
        _moved = true;
        if (envelope.Length > _query.MaxEnvelopeBytes)
        {
            Drop(envelope, copies);
            return;
        }

        _frame.Add(Id, envelope, copies, IsV1);
        _credit -= (long)(Records.HeaderLength(envelope.Length) + envelope.Length) * copies;
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

                if (!Write(page))
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

    // A page is torn only where there is no credit for all of it, or no frame that it fits.
    private bool Write(Page page)
    {
        while (_at < page.Records.Length)
        {
            var rest = page.Records[_at..];
            if (Full || NeedsAnotherFrame(rest))
            {
                return false;
            }

            var (length, count) = Block(page, rest);
            if (count > 0)
            {
                _frame.Add(Id, rest[..length], count, page.Copies, IsV1);
                _credit -= (long)length * page.Copies;
            }
            else
            {
                length = DropFirst(rest, page.Copies);
                count = 1;
            }

            _at += length;
            _handled += (long)count * page.Copies;
        }

        _at = 0;
        _handled = 0;
        return true;
    }

    // A page that fits a frame is not torn for what is in this one already; nor is a frame made larger by its last record.
    private bool NeedsAnotherFrame(ReadOnlySpan<byte> rest)
    {
        if (_frame.IsEmpty || rest.Length <= _frame.Room)
        {
            return false;
        }

        var first = new RecordReader(rest);
        return (_at == 0 && rest.Length <= FrameWriter.MaxBytes) || (first.MoveNext() && first.RecordLength > _frame.Room);
    }

    // The records that fit; at least one, unless the first is too large for this client.
    private (int Length, int Count) Block(Page page, ReadOnlySpan<byte> rest)
    {
        var room = Math.Min(_frame.Room, _credit / page.Copies);
        if (_at == 0 && rest.Length <= Math.Min(room, _query.MaxEnvelopeBytes))
        {
            return (rest.Length, page.Count);
        }

        var (length, count) = (0, 0);
        var records = new RecordReader(rest);
        while (records.MoveNext() && records.Current.Length <= _query.MaxEnvelopeBytes
            && (count == 0 || records.RecordOffset + records.RecordLength <= room))
        {
            length = records.RecordOffset + records.RecordLength;
            count++;
        }

        return (length, count);
    }

    private int DropFirst(ReadOnlySpan<byte> records, int copies)
    {
        var first = new RecordReader(records);
        first.MoveNext();
        Drop(first.Current, copies);
        return first.RecordOffset + first.RecordLength;
    }

    private void Drop(ReadOnlySpan<byte> envelope, int copies)
    {
        Interlocked.Add(ref _all.Counters.DroppedTooLarge, copies);
        if (_query.Request.V1 is { } v1)
        {
            _reading.Stream.AddGap(v1.AppId, LossReason.TooLarge, (ulong)copies);
        }
        else if (RawEnvelope.TryReadHeader(envelope, out var header))
        {
            _reading.Stream.AddGap(envelope, header, LossReason.TooLarge, (ulong)copies);
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

            var gap = _gaps[_told];
            Interlocked.Add(ref _all.Counters.ToldLost, (long)gap.Count);
            _frame.Tell(new AttachFrame
            {
                Gaps =
                {
                    new Gap
                    {
                        Subscription = Id,
                        SourceId = gap.SourceId,
                        InstanceId = gap.InstanceId,
                        Count = gap.Count,
                        Hop = gap.Hop,
                        Reason = gap.Reason,
                        FirstTimestamp = gap.FirstTimestamp,
                        LastTimestamp = gap.LastTimestamp,
                        UpperBound = gap.UpperBound,
                    },
                },
            });
        }

        return true;
    }

    private void TellCursor()
    {
        if (_moved && _at == 0 && _reading.Cursors.CursorHolds && _reading.Cursors.At(UnreadFrom) is { Marks.Count: > 0 } cursor)
        {
            _moved = false;
            _frame.Tell(new AttachFrame { Cursors = { new SubscriptionCursor { Subscription = Id, Cursor = cursor.ToString() } } });
        }
    }

    private void ChangeIfDue()
    {
        if (_change is { } change && _reading.Cursors.Over && _at == 0)
        {
            _change = null;
            _reading.Cursors.CatchUp();
            _query = change.From(_reading.Cursors.At(UnreadFrom));
            _reading.Stream.Superseded = true;
            EndReading();
            _reading = _all.Read(_query, this, _ready, _peer);
        }
    }

    private void EndReading()
    {
        for (; _next < _items.Count; _next++)
        {
            _reading.Stream.Discard((_items[_next].Page?.Deliveries ?? 0) - _handled);
            _reading.Stream.Release(_items[_next]);
            _handled = 0;
        }

        _at = 0;
        _reading.Dispose();
    }
}
