namespace Loggregator.Hosting;

/// <summary>What a port speaks; an endpoint answers on the listeners of its own kind alone.</summary>
internal enum ListenerKind
{
    /// <summary>gRPC: HTTP/2 only, with or without TLS.</summary>
    Grpc,

    /// <summary>HTTP for people and programs: HTTP/1.1, and HTTP/2 over TLS.</summary>
    Http,

    /// <summary>Datagrams, read by the role itself.</summary>
    Udp,

    /// <summary>Metrics and health: HTTP/1.1.</summary>
    Metrics,
}
