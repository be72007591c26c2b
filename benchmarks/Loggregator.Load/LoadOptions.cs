using System.Collections.Immutable;

namespace Loggregator.Load;

/// <summary>What one run does; the defaults are those of the command line.</summary>
internal sealed record LoadOptions
{
    /// <summary><c>host:port</c> of v2 Ingress services; link i dials number i mod their count. Empty: nothing is sent.</summary>
    public ImmutableArray<string> Ingress { get; init; } = [];

    /// <summary>The name in the ingress's certificate.</summary>
    public string IngressName { get; init; } = "metron";

    /// <summary><c>host:port</c> of v2 Egress services; reader i dials number i mod their count.</summary>
    public ImmutableArray<string> Egress { get; init; } = [];

    /// <summary>The name in the egress's certificate.</summary>
    public string EgressName { get; init; } = "reverselogproxy";

    /// <summary>Files of the client certificate, its key and the CA; all empty: plaintext.</summary>
    public string Cert { get; init; } = "";

    public string Key { get; init; } = "";

    public string Ca { get; init; } = "";

    /// <summary>Envelopes a second over all links; 0: as many as the receiver takes.</summary>
    public double Rate { get; init; } = 10_000;

    /// <summary>Connections that send, each with a schedule of its own.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>Envelopes to a message.</summary>
    public int Batch { get; init; } = 100;

    /// <summary>Envelopes travel alone on <c>Sender</c> instead of in batches on <c>BatchSender</c>.</summary>
    public bool Single { get; init; }

    /// <summary>Bytes of a log line.</summary>
    public int Payload { get; init; } = 150;

    /// <summary>Tags of an envelope.</summary>
    public int Tags { get; init; } = 6;

    /// <summary>Of a hundred envelopes so many are gauges; readers do not look for them, pages of metrics tell what became of them.</summary>
    public int MetricsPercent { get; init; }

    /// <summary>Metrics of a gauge.</summary>
    public int GaugeValues { get; init; } = 5;

    /// <summary>Number of sources.</summary>
    public int Sources { get; init; } = 1000;

    /// <summary>Source 0 sends this many times as much as each of the others.</summary>
    public int Skew { get; init; } = 1;

    /// <summary>gRPC readers.</summary>
    public int Readers { get; init; } = 1;

    /// <summary>Shard id that all readers share; empty: each reads everything.</summary>
    public string ShardId { get; init; } = "";

    /// <summary>What readers select: <c>log</c>, <c>counter</c>, <c>counter:NAME</c>, <c>gauge</c>, <c>timer</c>, <c>event</c>.</summary>
    public ImmutableArray<string> Types { get; init; } = ["log", "counter:dropped"];

    /// <summary>Readers ask for preferred tags.</summary>
    public bool PreferredTags { get; init; }

    /// <summary>Each reader takes no more than this many envelopes a second; 0: as they come.</summary>
    public double ReaderRate { get; init; }

    /// <summary>Address of an event stream; <c>{source}</c> in it is replaced, or <c>source_id=</c> added. Empty: no tailers.</summary>
    public string Sse { get; init; } = "";

    /// <summary>Address of a v1 stream over WebSocket; with <c>{source}</c> in it, tailers; without, a firehose, which all tailers share. Empty: none.</summary>
    public string WebSocket { get; init; } = "";

    /// <summary><c>address:port</c> where a nozzle's JSON records are taken, a line each. Empty: nowhere.</summary>
    public string Lines { get; init; } = "";

    /// <summary>When nobody takes them, from the start of the measured window.</summary>
    public (TimeSpan From, TimeSpan For) Outage { get; init; }

    /// <summary>Tailers, each on a connection of its own; tailer i follows source i mod the number of sources.</summary>
    public int Tailers { get; init; }

    /// <summary>Sending before measuring starts.</summary>
    public TimeSpan Warmup { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Sending while measuring.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait for what is still on its way after the last envelope was sent.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Processes whose CPU and memory are measured.</summary>
    public ImmutableArray<NamedTarget> Pids { get; init; } = [];

    /// <summary>Prometheus pages whose counters are read before and after.</summary>
    public ImmutableArray<NamedTarget> Scrapes { get; init; } = [];

    /// <summary>Drawn anew for each run unless given, so that runs do not see each other's envelopes.</summary>
    public uint Run { get; init; }
}
