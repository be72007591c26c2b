using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// Reads the oldest or newest envelopes of one source by their timestamps, as the log is when it begins, or later where eviction was faster. Segments are looked at in the order of
/// time, and none that cannot contribute any more. It holds the gate of a consumer without subscriptions for one segment at a time, so that neither
/// appends nor eviction wait for it; what eviction moves meanwhile is looked up again. One thread.
/// </summary>
public sealed class TimeRead : IDisposable
{
    private readonly EnvelopeLog _log;
    private readonly TimeReadRequest _request;
    private readonly TimeSelection _selection;
    private readonly LogConsumer _guard;
    private readonly Dictionary<Segment, (int Generation, int Rows)> _done = [];
    private int _ordinal;
    private bool _others; // rows of sources that are not indexed apart may be of this one
    private long _left; // rows of the source that were not seen yet; -1: not known

    /// <summary>A read that has not begun.</summary>
    public TimeRead(EnvelopeLog log, TimeReadRequest request)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Limit, 1);
        _log = log;
        _request = request;
        _selection = new TimeSelection(request.Limit, request.Descending);
        _guard = new LogConsumer(log, new DeliveryCounters());
    }

    /// <summary>Envelopes found.</summary>
    public int Count => _selection.Count;

    /// <summary>Collects what there is. False when that is more than <see cref="TimeReadRequest.MaxBytes"/>.</summary>
    public bool Run()
    {
        _guard.HoldEverything();
        SourceEntry? entry;
        List<View> views;
        lock (_log.AppendGate)
        {
            entry = Begin();
            views = List();
        }

        if (entry is null)
        {
            return true;
        }

        try
        {
            while (!LookThrough(views))
            {
                _left = -1; // what was moved is seen again
                views = List(); // and what came meanwhile: in a small log nothing else may be left
            }

            return !IsTooMuch;
        }
        finally
        {
            lock (_log.AppendGate)
            {
                _log.SourceTable.Unpin(entry);
            }
        }
    }

    /// <summary>The records in the order asked for; they are gone with <see cref="Dispose"/>.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> InOrder() => _selection.InOrder();

    /// <inheritdoc/>
    public void Dispose()
    {
        _guard.Dispose();
        _selection.Dispose();
    }

    private bool IsTooMuch => _selection.Bytes > _request.MaxBytes;

    private bool IsDone => _left == 0 || IsTooMuch;

    // The source's entry, which stays its own until it is given back; null when nothing is held of it. Append lock.
    private SourceEntry? Begin()
    {
        _others = _log.SourceTable.Entries[SourceTable.Other].HeldRows > 0;
        var entry = _log.SourceTable.TryPin(_request.SourceId) ?? (_others ? _log.SourceTable.Pin(_request.SourceId) : null);
        _ordinal = entry?.Ordinal ?? SourceTable.Other;
        _left = entry is null || _others || _request.FromPosition > 0 ? -1 : entry.HeldRows;
        return entry;
    }

    private List<View> List()
    {
        List<View> views = [];
        lock (_log.AppendGate)
        {
            foreach (var (segment, generation) in _log.Segments.List())
            {
                var view = new View(segment, generation, segment.Count, segment.MinTimestamp, segment.MaxTimestamp);
                if (view.Max >= _request.Start && view.Min < _request.End && segment.EndPosition > _request.FromPosition && RowsDone(view) < view.Rows)
                {
                    views.Add(view);
                }
            }
        }

        views.Sort((left, right) => _request.Descending ? right.Max.CompareTo(left.Max) : left.Min.CompareTo(right.Min));
        return views;
    }

    // False when one of the segments is not there any more: its rows are somewhere else, or nowhere.
    private bool LookThrough(List<View> views)
    {
        foreach (var view in views)
        {
            if (IsDone || !_selection.Wants(_request.Descending ? view.Max : view.Min))
            {
                return true;
            }

            lock (_guard.Gate)
            {
                if (view.Segment.Generation != view.Generation)
                {
                    return false;
                }

                LookInto(view.Segment, RowsDone(view), view.Rows);
                _done[view.Segment] = (view.Generation, view.Rows);
            }
        }

        return true;
    }

    private int RowsDone(View view) => _done.TryGetValue(view.Segment, out var done) && done.Generation == view.Generation ? done.Rows : 0;

    private void LookInto(Segment segment, int from, int end)
    {
        from = Math.Max(from, segment.RowAt(_request.FromPosition));
        var sources = segment.Sources.AsSpan(0, end);
        for (var row = Next(sources, from, end, _request.Descending ? end : from - 1); row >= 0 && !IsDone; row = Next(sources, from, end, row))
        {
            Look(segment, row);
        }
    }

    // The next row behind (or before) this one that may be the source's; -1 when there is none.
    private int Next(ReadOnlySpan<int> sources, int from, int end, int row)
    {
        var rest = _request.Descending ? sources[from..Math.Max(from, row)] : sources[Math.Min(row + 1, end)..];
        var found = _request.Descending
            ? _others ? rest.LastIndexOfAny(_ordinal, SourceTable.Other) : rest.LastIndexOf(_ordinal)
            : _others ? rest.IndexOfAny(_ordinal, SourceTable.Other) : rest.IndexOf(_ordinal);
        return found < 0 ? -1 : found + (_request.Descending ? from : row + 1);
    }

    private void Look(Segment segment, int row)
    {
        var kind = segment.Kinds[row];
        var position = segment.PositionOf(row);
        if (kind == RowKind.Dead)
        {
            return;
        }

        _left -= _left > 0 ? 1 : 0;
        if ((_request.Types & (1 << (int)RowKind.TypeOf(kind))) == 0)
        {
            return;
        }

        var envelope = segment.Envelope(row);
        RawEnvelope.TryReadHeader(envelope, out var header);
        if (header.Timestamp < _request.Start || header.Timestamp >= _request.End || !_selection.Wants(header.Timestamp)
            || (segment.Sources[row] == SourceTable.Other && !header.SourceId.Of(envelope).SequenceEqual(_request.SourceId))
            || _selection.Has(position))
        {
            return;
        }

        var target = _selection.Target;
        var offset = target.Length;
        if (_request.Names is null)
        {
            target.Write(segment.Record(row)[..segment.RecordLength(row)]);
        }
        else if (!_request.Names.TryWrite(target, envelope, header))
        {
            return;
        }

        _selection.Add(header.Timestamp, position, offset);
    }

    private readonly record struct View(Segment Segment, int Generation, int Rows, long Min, long Max);
}
