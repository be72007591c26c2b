using Loggregator.Protocol.Envelopes;
using Loggregator.TrafficController.Query;
using Loggregator.TrafficController.Streams.Cursors;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// The stream of <c>/v2/stream</c> and <c>/v2/recent</c>: history in order, then live, each batch with the cursor behind it, losses and
/// whatever else happens as events of their own names.
/// </summary>
internal sealed class CursorPump : SsePump, IStreamOutput
{
    private readonly StreamQuery _query;
    private readonly Notices _notices;
    private readonly CursorStream _reading;
    private readonly TrafficControllerCounters _counters;
    private readonly TimeProvider _time;
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
        _time = time;
        _notices = new Notices(sse);
        Batch = new BatchWriter(sse, query.InstanceId, TellGapRecord, Cursor, counters);
        _reading = new CursorStream(Stream, this, query.LastLines, query.Cursor, options, time, counters);
    }

    public bool Full => Sse.Unflushed >= FlushAt;

    /// <summary>Looks up whether the named sources are known, to say so if not. Who goes on has been told, and is not asked again.</summary>
    public void Watch(SourceQuery sources, CancellationToken cancel)
    {
        if (_query.Sources.Count > 0 && _query.Cursor is null)
        {
            _known = sources.AskAsync(_query.Sources, cancel);
            _known.ContinueWith(static (_, stream) => ((EnvelopeStream)stream!).Wake(), Stream, TaskScheduler.Default);
        }
    }

    public bool IsForeign(ReadOnlySpan<byte> envelope) => Batch.IsForeign(envelope);

    public void Write(ReadOnlySpan<byte> envelope, int copies) => Batch.Write(envelope, copies);

    public void History(long startsAt, bool agedOut, long leftOut) => _notices.History(startsAt, agedOut, leftOut);

    public void Live()
    {
        Batch.End();
        Ended = _recent;
        if (!Ended)
        {
            _notices.Live();
        }
    }

    public void DopplerLost(string doppler, bool planned, string detail)
    {
        Batch.End();
        _notices.DopplerLost(doppler, planned, detail);
    }

    public void DopplerBack(string doppler, bool restarted)
    {
        Batch.End();
        _notices.DopplerBack(doppler, restarted);
    }

    protected override void Begin()
    {
        if (_query.Cursor is not null)
        {
            _notices.Reconnected();
        }

        _reading.Begin();
    }

    protected override BatchWriter Batch { get; }

    protected override bool Handle(in StreamItem item)
    {
        switch (item.Kind)
        {
            case StreamItemKind.Page when item.Page is { } page:
                if (_reading.TryKeep(item))
                {
                    return false;
                }

                Batch.Write(page);
                _reading.Wrote(item);
                break;
            case StreamItemKind.Gap:
                TellGaps();
                break;
            default:
                _reading.Handle(item);
                break;
        }

        return true;
    }

    protected override bool Advance()
    {
        if (_reading.Advance())
        {
            return true;
        }

        if (_reading.Over && !Ended)
        {
            TellUnknown();
        }

        return false;
    }

    protected override void Close(string reason) => _notices.Closing(reason.Length > 0 ? reason : "end of history");

    protected override void Abandon() => _reading.Abandon();

    private string? Cursor() =>
        _reading.CursorHolds ? _reading.At(_time.GetUnixNanoseconds()).ToString() : null;

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
}
