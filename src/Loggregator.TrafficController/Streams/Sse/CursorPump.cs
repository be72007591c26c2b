using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.Query;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// The stream of <c>/v2/stream</c> and <c>/v2/recent</c>: history in order, then live, each batch with the cursor behind it, losses and
/// whatever else happens as events of their own names.
/// </summary>
internal sealed class CursorPump : SsePump
{
    private readonly StreamQuery _query;
    private readonly Notices _notices;
    private readonly Positions _positions;
    private readonly History _history;
    private readonly HashSet<DopplerNode> _lost = [];
    private readonly TrafficControllerCounters _counters;
    private readonly bool _recent;
    private Task<SourceReport>? _known;

    public CursorPump(
        OpenStream open, SseWriter sse, SseTimes times, StreamQuery query, bool recent, TrafficControllerOptions options, TimeProvider time,
        TrafficControllerCounters counters)
        : base(open, sse, times, time)
    {
        _query = query;
        _recent = recent;
        _counters = counters;
        _notices = new Notices(sse);
        _positions = new Positions(query.Cursor, time);
        Batch = new BatchWriter(sse, query.InstanceId, TellGapRecord, Cursor, counters);
        _history = new History(Stream, Batch, _notices, _positions, query, times.Patience, options.HistoryBytes, time, counters);
    }

    /// <summary>Looks up whether the named sources are known, to say so if not. Who goes on has been told, and is not asked again.</summary>
    public void Watch(SourceQuery sources, CancellationToken cancel)
    {
        if (_query.Sources.Count > 0 && _query.Cursor is null)
        {
            _known = sources.AskAsync(_query.Sources, cancel);
            _known.ContinueWith(static (_, stream) => ((EnvelopeStream)stream!).Wake(), Stream, TaskScheduler.Default);
        }
    }

    protected override void Begin()
    {
        if (_query.Cursor is not null)
        {
            _notices.Reconnected();
        }

        _history.Begin();
        if (_history.Over)
        {
            _notices.Live();
        }
    }

    protected override BatchWriter Batch { get; }

    protected override bool Handle(in StreamItem item)
    {
        switch (item.Kind)
        {
            case StreamItemKind.Page when item.Page is { } page:
                if (_history.TryKeep(item))
                {
                    return false;
                }

                Batch.Write(page);
                _positions.Set(item.Place);
                break;
            case StreamItemKind.Gap:
                TellGaps();
                break;
            case StreamItemKind.Opened:
                OnOpened(item);
                break;
            case StreamItemKind.HistoryDone:
                _history.Done(item.Member!);
                break;
            case StreamItemKind.Lost:
                OnLost(item, (string)item.Detail!);
                break;
            case StreamItemKind.Refused:
                OnLost(item, "it refused: " + item.Detail);
                break;
            case StreamItemKind.Restarted:
                OnRestarted(item);
                break;
            default:
                break;
        }

        return true;
    }

    protected override bool Advance()
    {
        if (!_history.Over)
        {
            if (_history.Advance(Sse))
            {
                return true;
            }

            if (!_history.Over)
            {
                return false;
            }

            Batch.End();
            Ended = _recent;
            if (!Ended)
            {
                _notices.Live();
            }
        }

        TellUnknown();
        return false;
    }

    protected override void Close(string reason) => _notices.Closing(reason.Length > 0 ? reason : "end of history");

    protected override void Abandon() => _history.Abandon();

    private string? Cursor() => _history.CursorHolds ? _positions.ToString() : null;

    private bool TellGapRecord(StreamGap gap)
    {
        Batch.End();
        Interlocked.Add(ref _counters.ToldLost, (long)gap.Count);
        _notices.Gap(gap);
        return true;
    }

    private void TellGaps()
    {
        Batch.End();
        foreach (var gap in Stream.TakeGaps())
        {
            TellGapRecord(gap);
        }
    }

    private void TellUnknown()
    {
        if (_known is not { IsCompleted: true } known)
        {
            return;
        }

        _known = null;
        if (known.IsCompletedSuccessfully)
        {
            var report = known.Result;
            string[] unknown = [.. _query.Sources.Where(source => !report.Sources.ContainsKey(source))];
            if (unknown.Length > 0)
            {
                Batch.End();
                _notices.Waiting(unknown, report.Answered);
            }
        }
    }

    private void OnOpened(in StreamItem item)
    {
        _history.Opened((Opened)item.Detail!);
        if (_positions.OfAnotherRun(item.Place))
        {
            OnRestarted(item); // while this client was away
            return;
        }

        _positions.SetFirst(item.Place);

        if (_lost.Remove(item.Member!.Node))
        {
            Batch.End();
            _notices.DopplerBack(item.Place.DopplerId ?? item.Member.Node.Attachment.Address, restarted: false);
        }
    }

    private void OnRestarted(in StreamItem item)
    {
        Batch.End();
        _positions.Set(item.Place);
        _lost.Remove(item.Member!.Node);
        _notices.DopplerBack(item.Place.DopplerId ?? item.Member.Node.Attachment.Address, restarted: true);
    }

    private void OnLost(in StreamItem item, string detail)
    {
        _history.Done(item.Member!);
        Batch.End();
        _lost.Add(item.Member!.Node);
        _notices.DopplerLost(item.Member.Node.DopplerId ?? item.Member.Node.Attachment.Address, detail == Line.PlannedStop, detail);
    }
}
