using Loggregator.Client.Consume;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>The parameters of <c>/v2/stream</c> and <c>/v2/recent</c>.</summary>
internal sealed class StreamQuery
{
    private const int DefaultRecentLines = 100;
    private static readonly string[] Types = ["log", "counter", "gauge", "timer", "event"];

    private StreamQuery(StreamRequest request, List<string> sources, string? instanceId, int lastLines, StreamCursor? cursor)
    {
        Request = request;
        Sources = sources;
        InstanceId = instanceId;
        LastLines = lastLines;
        Cursor = cursor;
    }

    public StreamRequest Request { get; }

    /// <summary>The sources named; none: all.</summary>
    public IReadOnlyList<string> Sources { get; }

    public string? InstanceId { get; }

    /// <summary>Of history, so many lines at most; 0: all that is asked for.</summary>
    public int LastLines { get; }

    /// <summary>Where the client goes on; null: it begins.</summary>
    public StreamCursor? Cursor { get; }

    /// <summary>Reads the parameters; throws nothing, says what is wrong and how to put it right.</summary>
    public static StreamError? TryRead(
        QueryPairs query, string? lastEventId, bool recent, TrafficControllerOptions options, DateTimeOffset now, out StreamQuery? read)
    {
        read = null;
        var types = query.All("type").SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (types.Find(type => !Types.Contains(type)) is { } unknown)
        {
            return new StreamError("unknown_type", $"type '{unknown}' is none", "Give some of log, counter, gauge, timer, event, as type=log,counter.");
        }

        var lines = 0;
        if (query.First("lines") is { } linesText && (!int.TryParse(linesText, out lines) || lines < 0))
        {
            return new StreamError("bad_lines", $"lines is '{linesText}'", "Give a number from 0 up.");
        }

        long? since = null;
        if (query.First("since") is { } sinceText)
        {
            if (!TimeText.TryParse(sinceText, now, out var timestamp))
            {
                return new StreamError(
                    "bad_since", $"since is '{sinceText}'", "Give a duration such as 10m or 1h30m, a time such as 2026-08-22T14:00:00Z, or UNIX nanoseconds.");
            }

            since = timestamp;
        }

        StreamCursor? cursor = null;
        var cursorText = lastEventId is { Length: > 0 } ? lastEventId : query.First("cursor");
        if (cursorText is { Length: > 0 } && !StreamCursor.TryParse(cursorText, out cursor))
        {
            return new StreamError("bad_cursor", "the cursor is not one of ours", "Give the id of the last event that was read, unchanged, or leave it out.");
        }

        if (recent && lines == 0 && since is null && cursor is null)
        {
            if (query.First("lines") is not null)
            {
                return new StreamError("bad_lines", "lines is '0', which asks for nothing", "Give at least 1, or since.");
            }

            lines = DefaultRecentLines;
        }

        var instance = query.First("instance_id");
        var start = cursor is not null ? StreamStart.After(cursor)
            : since is { } from ? StreamStart.Since(from)
            : StreamStart.Last(instance is null || lines == 0 ? (uint)lines : lines < options.MaxHistoryLines ? (uint)options.MaxHistoryLines : uint.MaxValue);
        var sources = query.All("source_id").Distinct().ToList();
        read = new StreamQuery(
            new StreamRequest
            {
                Selectors = Selectors(sources, types, query),
                ShardId = query.First("shard_id") ?? "",
                Sharing = Sharing.BySource,
                Gaps = true,
                Notices = true,
                Start = start,
                Window = options.ClientBytes,
            },
            sources, instance, cursor is null ? lines : 0, cursor);
        return null;
    }

    // Types come as a list or as the flags of /v2/read; none means all.
    private static List<Selector> Selectors(List<string> sources, List<string> types, QueryPairs query)
    {
        var wanted = Types.Where(type => types.Contains(type) || query.Has(type) || query.Has(type + ".name")).ToList();
        var all = wanted.Count == 0 ? Types : [.. wanted];
        var pairs = all.Select(type => type + "=").ToList();
        pairs.AddRange(query.All("counter.name").Select(name => "counter.name=" + Uri.EscapeDataString(name)));
        pairs.AddRange(query.All("gauge.name").Select(names => "gauge.name=" + Uri.EscapeDataString(names)));
        return ReadQuery.Selectors(sources, new QueryPairs(string.Join('&', pairs)));
    }
}
