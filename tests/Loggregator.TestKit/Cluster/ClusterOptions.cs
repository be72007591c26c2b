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

    /// <summary>Certificates of a private authority on every gRPC hop, instead of plaintext.</summary>
    public bool MutualTls { get; init; }

    /// <summary>Seeds the fault proxies.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>More settings, <c>Section:Key</c> and value, for all roles that have the section.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
