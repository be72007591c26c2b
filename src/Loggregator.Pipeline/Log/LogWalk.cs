using System.Runtime.InteropServices;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Reads rows of the log into a frame for the subscriptions that match. Rows that go to the same subscriptions, one behind the other, are a
/// run: its receivers are compared by one reference, its records are copied as one block and its credit is charged once. Guarded by the
/// consumer's gate.
/// </summary>
internal sealed class LogWalk(DeliveryCounters counters)
{
    private Subscription[] _matched = new Subscription[4];
    private int _matchedCount;

    // The open run.
    private LogReader? _reader;
    private Subscription[]? _always; // receivers of the route whose rows join the run without a look; null when each row is looked at
    private Subscription[] _receivers = new Subscription[4];
    private uint[] _ids = new uint[4];
    private int _receiverCount;
    private int _rows;
    private int _records; // that these rows were written as
    private long _bytes;
    private long _matchedInWalk;
    private long _bytesLeft; // until a receiver's credit is used up
    private int _largest; // record that all receivers take
    private Segment? _lastSegment;
    private int _lastRow;

    /// <summary>Subscriptions that have used up their credit and are to leave the shared reader; each has its own place already.</summary>
    public List<Subscription> Spent { get; } = [];

    /// <summary>Reads until the frame is full, the head is reached, or <paramref name="until"/>, or its only subscription has no credit.</summary>
    /// <returns>False when the frame is full.</returns>
    public bool Read(LogReader reader, LogFrame frame, long until)
    {
        _reader = reader;
        var more = true;
        while (more)
        {
            var segment = reader.Segment!;
            var next = segment.Next; // before the count: when there is a next one, the count is final
            var count = segment.Count;
            var end = until == long.MaxValue ? count : Math.Min(count, segment.RowAt(until));
            more = ReadRows(reader, segment, end, frame);
            if (!more || reader.Owner is { IsSpent: true })
            {
                reader.Position = reader.Row < count ? segment.PositionOf(reader.Row) : segment.EndPosition;
                break;
            }

            if (end < count || next is null)
            {
                reader.Position = Math.Min(until, end < count ? until : segment.FirstPosition + count);
                break;
            }

            reader.MoveTo(next, 0);
        }

        CloseRun(frame);
        frame.Flush();
        DeliveryCounters.Add(ref counters.Matched, _matchedInWalk);
        _matchedInWalk = 0;
        _reader = null;
        return more;
    }

    /// <summary>Counts what this reader's subscriptions would still have read of rows that go.</summary>
    public void Lose(LogReader reader, List<EvictedRow> rows, SourceTable sources)
    {
        foreach (var (segment, row, kind) in CollectionsMarshal.AsSpan(rows))
        {
            var position = segment.PositionOf(row);
            if (position < reader.Position || reader.Table.Find(segment.Sources[row], kind) is not { } route)
            {
                continue;
            }

            Match(reader, route, segment, row, position);
            if (_matchedCount > 0)
            {
                var envelope = segment.Envelope(row);
                RawEnvelope.TryReadHeader(envelope, out var header);
                foreach (var subscription in _matched.AsSpan(0, _matchedCount))
                {
                    Count(subscription, LossReason.Evicted, header, envelope, position);
                    subscription.Acked?.Lose(position);
                }

                sources.Entries[segment.Sources[row]].Lost += _matchedCount;
                DeliveryCounters.Add(ref counters.Evicted, _matchedCount);
            }
        }
    }

    /// <summary>Whether the row goes to this reader's subscription.</summary>
    public bool Matches(LogReader reader, Segment segment, int row)
    {
        if (reader.Table.Find(segment.Sources[row], segment.Kinds[row]) is not { } route)
        {
            return false;
        }

        Match(reader, route, segment, row, segment.PositionOf(row));
        return _matchedCount > 0;
    }

    private bool ReadRows(LogReader reader, Segment segment, int end, LogFrame frame)
    {
        for (var row = reader.Row; ; row++)
        {
            row = row < end ? reader.Table.NextRow(segment.Sources, row, end) : row;
            reader.Row = row;
            if (row >= end || reader.Owner is { IsSpent: true })
            {
                return true;
            }

            var route = reader.Table.Find(segment.Sources[row], segment.Kinds[row]);
            if (route is null)
            {
                continue;
            }

            var length = segment.LengthOf(row);
            if (!frame.HasRoom(length))
            {
                return false;
            }

            var joins = ReferenceEquals(route.Always, _always) && route.Maybe.Length == 0 && length <= _largest;
            if (!joins && !Decide(reader, route, segment, row, length, frame))
            {
                if (_matchedCount < 0)
                {
                    return false;
                }

                continue;
            }

            Take(segment, row, 1, frame);
            row = TakeAlike(reader.Table, segment, row, end, frame);
        }
    }

    /// <summary>Takes the rows behind <paramref name="row"/> that join the open run without a look, as one block. Returns the last one taken.</summary>
    private int TakeAlike(RouteTable table, Segment segment, int row, int end, LogFrame frame)
    {
        if (_always is not { } always || (frame.Repeats && _receiverCount > 1))
        {
            return row;
        }

        var from = row + 1;
        var offsets = segment.Offsets;
        var last = offsets[from] + Math.Min(frame.Room, _bytesLeft);
        var next = from;
        while (next < end
            && offsets[next + 1] <= last
            && offsets[next + 1] - offsets[next] <= _largest
            && !RowKind.HasOriginal(segment.Kinds[next])
            && table.Find(segment.Sources[next], segment.Kinds[next]) is { Maybe.Length: 0 } route
            && ReferenceEquals(route.Always, always))
        {
            next++;
        }

        if (next > from)
        {
            Take(segment, next - 1, next - from, frame);
        }

        return next - 1;
    }

    private void Take(Segment segment, int row, int count, LogFrame frame)
    {
        var (records, bytes) = frame.Add(segment, row + 1 - count, count, _receiverCount);
        _rows += count;
        _records += records;
        _bytes += bytes;
        _reader!.Owner?.Acked?.Take(segment.PositionOf(row), bytes); // its rows come one by one
        _lastSegment = segment;
        _lastRow = row;
        _bytesLeft -= bytes;
        if (_bytesLeft <= 0)
        {
            CloseRun(frame);
        }
    }

    /// <summary>Finds the row's receivers and sees to it that the open run is theirs. False when there are none, or gaps filled the frame.</summary>
    private bool Decide(LogReader reader, Route route, Segment segment, int row, int length, LogFrame frame)
    {
        var position = segment.PositionOf(row);
        Match(reader, route, segment, row, position);
        RefuseTooLarge(segment, row, length, position);
        if (_matchedCount == 0)
        {
            return false;
        }

        var matched = _matched.AsSpan(0, _matchedCount);
        foreach (var subscription in matched)
        {
            if (subscription.HasLosses && !TellLosses(subscription, frame))
            {
                _matchedCount = -1;
                return false;
            }
        }

        if (_rows == 0 || !matched.SequenceEqual(_receivers.AsSpan(0, _receiverCount)))
        {
            CloseRun(frame);
            OpenRun(matched);
        }

        var filtered = reader.Owner is { } owner && owner.FiltersAt(position);
        _always = route.Maybe.Length == 0 && !filtered && !frame.IsConverted ? route.Always : null;
        return true;
    }

    private void OpenRun(ReadOnlySpan<Subscription> matched)
    {
        if (_receivers.Length < matched.Length)
        {
            _receivers = new Subscription[matched.Length * 2];
            _ids = new uint[matched.Length * 2];
        }

        matched.CopyTo(_receivers);
        _receiverCount = matched.Length;
        _bytesLeft = long.MaxValue;
        _largest = int.MaxValue;
        var times = 0;
        for (var i = 0; i < matched.Length; i++)
        {
            var subscription = matched[i];
            times = i > 0 && matched[i - 1] == subscription ? times + 1 : 1;
            _ids[i] = subscription.Id;
            _bytesLeft = Math.Min(_bytesLeft, subscription.Credit / times);
            _largest = Math.Min(_largest, subscription.Request.MaxEnvelopeBytes);
        }
    }

    private void CloseRun(LogFrame frame)
    {
        _always = null;
        if (_rows == 0)
        {
            return;
        }

        var next = _lastSegment!.PositionOf(_lastRow) + 1;
        var acked = _reader!.Owner?.Acked;
        frame.Run(_records, _ids.AsSpan(0, _receiverCount), next, acked is null ? default : acked.Positions);
        frame.Acknowledgeable += acked is null ? 0 : _rows;
        acked?.EndRun();
        _matchedInWalk += (long)_rows * _receiverCount;
        foreach (var subscription in _receivers.AsSpan(0, _receiverCount))
        {
            subscription.Credit -= _bytes;
            subscription.Told = next;
            if (subscription is { Credit: <= 0, Attached: true })
            {
                subscription.Attached = false;
                subscription.Reader.Position = next;
                subscription.Reader.MoveTo(_lastSegment, _lastRow + 1);
                Spent.Add(subscription);
            }
        }

        Array.Clear(_receivers, 0, _receiverCount);
        _receiverCount = 0;
        _rows = 0;
        _records = 0;
        _bytes = 0;
    }

    private void Match(LogReader reader, Route route, Segment segment, int row, long position)
    {
        _matchedCount = 0;
        foreach (var subscription in route.Always)
        {
            if (reader.Owner is not null || subscription.Attached)
            {
                AddMatch(subscription);
            }
        }

        var filters = reader.Owner is { } owner && owner.FiltersAt(position);
        if (route.Maybe.Length == 0 && !filters)
        {
            return;
        }

        var envelope = segment.Envelope(row);
        RawEnvelope.TryReadHeader(envelope, out var header);
        if (filters && !reader.Owner!.AdmitsTime(header.Timestamp))
        {
            _matchedCount = 0;
            return;
        }

        foreach (var target in route.Maybe)
        {
            if ((reader.Owner is not null || target.Subscription.Attached) && target.Takes(position, header, envelope, segment.Original(row), route.CheckSource))
            {
                AddMatch(target.Subscription);
                if (target.Subscription.Acked is not null)
                {
                    return; // it acknowledges an envelope once, however many of its selectors match
                }
            }
        }
    }

    private void AddMatch(Subscription subscription)
    {
        if (_matchedCount == _matched.Length)
        {
            Array.Resize(ref _matched, _matched.Length * 2);
        }

        _matched[_matchedCount++] = subscription;
    }

    private void RefuseTooLarge(Segment segment, int row, int length, long position)
    {
        var kept = 0;
        for (var i = 0; i < _matchedCount; i++)
        {
            var subscription = _matched[i];
            if (length > subscription.Request.MaxEnvelopeBytes && segment.Envelope(row) is var envelope
                && envelope.Length > subscription.Request.MaxEnvelopeBytes)
            {
                RawEnvelope.TryReadHeader(envelope, out var header);
                Count(subscription, LossReason.TooLarge, header, envelope, position);
                DeliveryCounters.Add(ref counters.TooLarge, 1);
            }
            else
            {
                _matched[kept++] = subscription;
            }
        }

        _matchedCount = kept;
    }

    private void Count(Subscription subscription, LossReason reason, in EnvelopeHeader header, ReadOnlySpan<byte> envelope, long position)
    {
        DeliveryCounters.Add(ref counters.Matched, 1);
        subscription.Losses.Add(
            header.SourceId.Of(envelope), header.InstanceId.Of(envelope), reason, 1, header.Timestamp, (ulong)position);
    }

    /// <summary>Writes the gaps of a subscription into the frame. False when they did not all fit.</summary>
    public static bool TellLosses(Subscription subscription, LogFrame frame)
    {
        var id = subscription.Id;
        var acked = subscription.Acked;
        subscription.Losses.Drain(loss =>
        {
            if (frame.GapBytes >= LogFrame.MaxGapBytes || acked is { MayTellGap: false })
            {
                return false;
            }

            frame.Gap(id, loss);
            acked?.Told(loss);
            return true;
        });
        return !subscription.HasLosses;
    }
}
