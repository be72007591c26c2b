using System.Diagnostics.CodeAnalysis;
using Loggregator.Protocol.V1;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// The paths of version 1: <c>/apps/{id}/stream</c>, <c>/apps/{id}/recentlogs</c>, <c>/apps/{id}/containermetrics</c>,
/// <c>/firehose/{id}</c>. The id is one segment of the decoded path, any text but none.
/// </summary>
/// <param name="Firehose">Everything is asked for, and <paramref name="Id"/> is a shard id; else it is an application's.</param>
/// <param name="Id">Application or shard.</param>
/// <param name="What">The last segment of an application's path.</param>
internal sealed record V1Route(bool Firehose, string Id, string What)
{
    public const string Stream = "stream", RecentLogs = "recentlogs", ContainerMetrics = "containermetrics";

    /// <summary>What the stream of this route asks for.</summary>
    /// <param name="filterType">The parameter <c>filter-type</c> of a firehose.</param>
    /// <param name="window">Bytes that may be pending.</param>
    public StreamRequest Request(string? filterType, long window)
    {
        var filter = Firehose ? new V1Filter("", KindOf(filterType)) : new V1Filter(Id, DropsondeKind.Any);
        return new StreamRequest { Selectors = filter.GapForms, V1 = filter, ShardId = Firehose ? Id : "", Gaps = true, Window = window };
    }

    public static bool TryParse(string? path, [NotNullWhen(true)] out V1Route? route)
    {
        // Kestrel leaves %2F as it is, so that it cannot look like a border; here it is one.
        route = (path ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase).Split('/') switch
        {
            ["", "firehose", { Length: > 0 } id] => new V1Route(true, id, Stream),
            ["", "apps", { Length: > 0 } id, Stream or RecentLogs or ContainerMetrics] parts => new V1Route(false, id, parts[3]),
            _ => null,
        };
        return route is not null;
    }

    private static DropsondeKind KindOf(string? filterType) => filterType switch
    {
        "logs" => DropsondeKind.Logs,
        "metrics" => DropsondeKind.Metrics,
        _ => DropsondeKind.Any,
    };
}
