using System.Net;
using Loggregator.Hosting;

namespace Loggregator.TestKit.Cluster;

/// <summary>One life of a role, from its start to its end: in this process, or in one of its own.</summary>
internal interface IRoleLife
{
    /// <summary>Its services; none outside this process.</summary>
    IServiceProvider Services { get; }

    /// <summary>Whether <c>/ready</c> would say so.</summary>
    bool Ready { get; }

    /// <summary>Where a listener is.</summary>
    IPEndPoint AddressOf(ListenerKind kind);

    /// <summary>Where the listener of a configuration key is.</summary>
    IPEndPoint AddressOf(string key);

    /// <summary>A planned stop: it announces, drains and ends.</summary>
    Task StopAsync();

    /// <summary>Ends it without a word and without draining.</summary>
    Task AbortAsync();
}
