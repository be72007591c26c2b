using System.Net;

namespace Loggregator.TestKit.Cluster;

/// <summary>What an <see cref="InProcessCluster"/> consists of.</summary>
public sealed class ClusterOptions
{
    /// <summary>Dopplers.</summary>
    public int Dopplers { get; init; } = 3;

    /// <summary>Agents, each linked to all Dopplers.</summary>
    public int Agents { get; init; } = 2;

    /// <summary>Traffic Controllers, each linked to all Dopplers.</summary>
    public int TrafficControllers { get; init; } = 2;

    /// <summary>Nozzles, each linked to all Dopplers, with a spool folder of its own; their sinks stand in <see cref="Settings"/>.</summary>
    public int Nozzles { get; init; }

    /// <summary>The Dopplers run in processes of their own, so that they can be killed with -9; their counters are then out of reach.</summary>
    public bool DopplerProcesses { get; init; }

    /// <summary>Certificates of a private authority on every gRPC hop, instead of plaintext.</summary>
    public bool MutualTls { get; init; }

    /// <summary>
    /// Given, the Dopplers have one name and port for all, on 127.0.0.1, 127.0.0.2 … in their order, and this answers for it; there are no
    /// proxies then.
    /// </summary>
    public Func<IPAddress[]>? Resolve { get; init; }

    /// <summary>Seeds the fault proxies.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>More settings, <c>Section:Key</c> and value, for all roles that have the section.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>More settings that are lists.</summary>
    public IReadOnlyDictionary<string, string[]> Lists { get; init; } = new Dictionary<string, string[]>();
}
