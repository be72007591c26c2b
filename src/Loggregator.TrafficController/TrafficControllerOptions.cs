using System.Globalization;
using System.Net;

namespace Loggregator.TrafficController;

/// <summary>Settings of the Traffic Controller role, section <c>TrafficController</c>.</summary>
public sealed class TrafficControllerOptions
{
    /// <summary>Where HTTP is served: <c>/v2/read</c>, <c>/v2/stream</c>, <c>/v2/recent</c>, <c>/v2/sources</c>, and the API of log-cache, as <c>/api/v1/meta</c>.</summary>
    public string HttpListen { get; set; } = "127.0.0.1:8081";

    /// <summary>Where gRPC is served: the reverse log proxy, log-cache's Egress, and Attach for our own clients.</summary>
    public string GrpcListen { get; set; } = "0.0.0.0:8083";

    /// <summary>Where the paths of log-cache's own gateway are served, for tools inside a platform; empty: they are not.</summary>
    public string LogCacheGatewayListen { get; set; } = "";

    /// <summary>Our Dopplers, <c>host:port</c>; a name stands for all of its addresses.</summary>
    public string[] Dopplers { get; set; } = ["127.0.0.1:8082"];

    /// <summary>Dopplers of the original Loggregator, <c>host:port</c>, read by <c>BatchedReceiver</c> and, of version 1, <c>BatchSubscribe</c>.</summary>
    public string[] OriginalDopplers { get; set; } = [];

    /// <summary>Lets HTTP be served beyond loopback although everyone may read everything.</summary>
    public bool NoAccessControl { get; set; }

    /// <summary>gRPC streams at a time; further ones are refused with ResourceExhausted.</summary>
    public int MaxEgressStreams { get; set; } = 1000;

    /// <summary>Subscriptions at a time, of all Attach streams together; further ones are refused with an error of their own.</summary>
    public int MaxAttachSubscriptions { get; set; } = 10_000;

    /// <summary>Domain of the cookies that <c>/set-cookie</c> sets, for example <c>doppler.example.com</c>; empty: there is no <c>/set-cookie</c>.</summary>
    public string CookieDomain { get; set; } = "";

    /// <summary>WebSockets at a time; further ones are refused with 503.</summary>
    public int MaxWebSockets { get; set; } = 20_000;

    /// <summary>Idle time after which an SSE stream carries a heartbeat.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Life of a <c>/v2/read</c> stream; then it is closed and the client opens another.</summary>
    public TimeSpan StreamTimeout { get; set; } = TimeSpan.FromMinutes(14);

    /// <summary>Time without progress after which an SSE client that does not read is cut off.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often Doppler names are resolved again.</summary>
    public TimeSpan DnsRefresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that open streams get to end at a planned stop.</summary>
    public TimeSpan DrainDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes that may be pending for one client, per Doppler.</summary>
    public long ClientBytes { get; set; } = 1024 * 1024;

    /// <summary>Most last lines that are kept back while Dopplers' histories are merged. Of a request for more, copies that two Dopplers hold count twice.</summary>
    public int MaxHistoryLines { get; set; } = 10_000;

    /// <summary>Bytes that one request's last lines may take while they are put in order; of a read through log-cache's API, per Doppler.</summary>
    public long HistoryBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Bytes that the answers to all reads through log-cache's API may take together; what goes over is refused, to be asked for again.</summary>
    public long ReadBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>PromQL queries evaluated at a time.</summary>
    public int MaxQueries { get; set; } = 4;

    /// <summary>PromQL queries that may wait for their turn; further ones are refused with 503.</summary>
    public int MaxWaitingQueries { get; set; } = 100;

    /// <summary>Time that a PromQL query may take, waiting for its turn included; a request's <c>timeout</c> can only shorten it.</summary>
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Samples that one PromQL query may hold, those of its intermediate results included.</summary>
    public int MaxQuerySamples { get; set; } = 50_000_000;

    /// <summary>Bytes that what all PromQL queries have read may take together; a query that goes over it fails.</summary>
    public long QueryBytes { get; set; } = 512 * 1024 * 1024;

    /// <summary>Time that a stream waits for the history of slow Dopplers before it goes on without them.</summary>
    public TimeSpan HistoryPatience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>All errors; each names its key and the cure.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var error in ValidateAddresses())
        {
            yield return error;
        }

        foreach (var (key, value) in new (string, TimeSpan)[]
                 {
                     (nameof(Heartbeat), Heartbeat), (nameof(StreamTimeout), StreamTimeout), (nameof(WriteTimeout), WriteTimeout),
                     (nameof(DnsRefresh), DnsRefresh), (nameof(DrainDeadline), DrainDeadline), (nameof(HistoryPatience), HistoryPatience),
                     (nameof(QueryTimeout), QueryTimeout),
                 })
        {
            if (value <= TimeSpan.Zero)
            {
                yield return $"TrafficController:{key} is {value}: give a time above zero, for example 00:00:15.";
            }
        }

        if (MaxEgressStreams < 0)
        {
            yield return $"TrafficController:MaxEgressStreams is {MaxEgressStreams}: give 0 (refuse all) or more.";
        }

        if (MaxAttachSubscriptions < 0)
        {
            yield return $"TrafficController:MaxAttachSubscriptions is {MaxAttachSubscriptions}: give 0 (refuse all) or more.";
        }

        if (MaxWebSockets < 0)
        {
            yield return $"TrafficController:MaxWebSockets is {MaxWebSockets}: give 0 (refuse all) or more.";
        }

        if (ClientBytes < 64 * 1024)
        {
            yield return $"TrafficController:ClientBytes is {ClientBytes}: give at least 65536, the size of one frame.";
        }

        if (MaxHistoryLines < 1)
        {
            yield return $"TrafficController:MaxHistoryLines is {MaxHistoryLines}: give at least 1.";
        }

        if (HistoryBytes < 64 * 1024)
        {
            yield return $"TrafficController:HistoryBytes is {HistoryBytes}: give at least 65536.";
        }

        if (MaxQueries < 1)
        {
            yield return $"TrafficController:MaxQueries is {MaxQueries}: give at least 1.";
        }

        if (MaxWaitingQueries < 0)
        {
            yield return $"TrafficController:MaxWaitingQueries is {MaxWaitingQueries}: give 0 (none waits) or more.";
        }

        if (MaxQuerySamples < 1)
        {
            yield return $"TrafficController:MaxQuerySamples is {MaxQuerySamples}: give at least 1.";
        }

        if (QueryBytes < 1024 * 1024)
        {
            yield return $"TrafficController:QueryBytes is {QueryBytes}: give at least 1048576.";
        }

        if (ReadBytes < HistoryBytes)
        {
            yield return $"TrafficController:ReadBytes is {ReadBytes}, less than one request may take: give at least HistoryBytes, {HistoryBytes}.";
        }
    }

    private IEnumerable<string> ValidateAddresses()
    {
        foreach (var (key, address) in new[] { (nameof(HttpListen), HttpListen), (nameof(LogCacheGatewayListen), LogCacheGatewayListen) })
        {
            if (key == nameof(LogCacheGatewayListen) && address.Length == 0)
            {
                continue;
            }

            if (!TrySplit(address, out var host))
            {
                yield return $"TrafficController:{key} is '{address}': give address:port, for example 127.0.0.1:8081.";
            }
            else if (!NoAccessControl && !IsLoopback(host))
            {
                yield return $"TrafficController:{key} is '{address}', beyond loopback, where everyone could read everything: "
                    + "listen on 127.0.0.1, or set TrafficController:NoAccessControl (--no-access-control) if that is meant.";
            }
        }

        if (!TrySplit(GrpcListen, out _))
        {
            yield return $"TrafficController:GrpcListen is '{GrpcListen}': give address:port, for example 0.0.0.0:8083.";
        }

        if (Dopplers.Length == 0 && OriginalDopplers.Length == 0)
        {
            yield return "TrafficController:Dopplers is empty: give at least one host:port, for example 127.0.0.1:8082.";
        }

        foreach (var (key, address) in Dopplers.Select(a => (nameof(Dopplers), a)).Concat(OriginalDopplers.Select(a => (nameof(OriginalDopplers), a))))
        {
            if (!TrySplit(address, out _))
            {
                yield return $"TrafficController:{key} has '{address}': give host:port, for example doppler.internal:8082.";
            }
        }
    }

    private static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static bool TrySplit(string address, out string host)
    {
        var colon = address.LastIndexOf(':');
        host = colon > 0 ? address[..colon].Trim('[', ']') : "";
        return host.Length > 0 && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }
}
