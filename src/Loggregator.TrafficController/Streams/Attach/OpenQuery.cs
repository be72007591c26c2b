using Loggregator.Client.Consume;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V1;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>What an <c>Open</c> asks for; immutable.</summary>
/// <param name="Request">What is read.</param>
/// <param name="LastLines">Of history, so many at most; 0: all that is asked for.</param>
/// <param name="Since">From which timestamp on, UNIX nanoseconds.</param>
/// <param name="Cursor">Where the client stood before.</param>
/// <param name="MaxEnvelopeBytes">Larger envelopes are dropped for this subscription.</param>
internal sealed record OpenQuery(StreamRequest Request, int LastLines, long? Since, StreamCursor? Cursor, int MaxEnvelopeBytes)
{
    /// <summary>Reads it; null when it is refused for the reason given.</summary>
    public static OpenQuery? TryRead(Open open, TrafficControllerOptions options, out string error)
    {
        StreamCursor? cursor = null;
        var start = open.Start?.FromCase ?? Start.FromOneofCase.None;
        error = open.Selectors.Count == 0 && open.V1 is null ? "Give at least one selector, or a filter of v1."
            : open.Sharing == Sharing.BySource && open.ShardId.Length > 0 && open.Member.Length == 0 ? "A member of a group by source needs a name."
            : open.Acknowledged ? "A Traffic Controller keeps no marks: attach to the Dopplers to acknowledge."
            : start == Start.FromOneofCase.After ? "A Traffic Controller's positions are cursors: give start.cursor."
            : start == Start.FromOneofCase.Cursor && !StreamCursor.TryParse(open.Start!.Cursor, out cursor) ? "start.cursor is not one of ours."
            : "";
        if (error.Length > 0)
        {
            return null;
        }

        var last = start == Start.FromOneofCase.Last ? Math.Min(open.Start!.Last, int.MaxValue) : 0;
        long? since = start == Start.FromOneofCase.Since ? open.Start!.Since : null;
        var from = cursor is not null ? StreamStart.After(cursor) : since is { } at ? StreamStart.Since(at) : StreamStart.Last(last);
        var max = open.MaxEnvelopeBytes is 0 or > int.MaxValue ? int.MaxValue : (int)open.MaxEnvelopeBytes;
        return new OpenQuery(Read(open, from, options.ClientBytes), (int)last, since, cursor, max);
    }

    /// <summary>The same from another place on.</summary>
    public OpenQuery From(StreamCursor cursor) =>
        this with { Request = Request with { Start = StreamStart.After(cursor) }, LastLines = 0, Since = null, Cursor = cursor };

    private static StreamRequest Read(Open open, StreamStart start, long window)
    {
        var v1 = open.V1 is { } filter ? new V1Filter(filter.AppID, KindOf(filter)) : null;
        return new StreamRequest
        {
            Selectors = v1?.GapForms ?? open.Selectors,
            V1 = v1,
            ShardId = open.ShardId,
            DeterministicName = open.DeterministicName,
            Sharing = open.Sharing,
            Member = open.Member,
            Gaps = open.Gaps,
            Notices = true,
            Start = start,
            Window = window,
        };
    }

    private static DropsondeKind KindOf(Filter filter) => filter.MessageCase switch
    {
        Filter.MessageOneofCase.Log => DropsondeKind.Logs,
        Filter.MessageOneofCase.Metric => DropsondeKind.Metrics,
        _ => DropsondeKind.Any,
    };
}
