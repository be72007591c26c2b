namespace Loggregator.Hosting;

/// <summary>Who gets through a port.</summary>
internal enum ListenerSecurity
{
    /// <summary>No TLS.</summary>
    Plaintext,

    /// <summary>TLS with a client certificate of the CA.</summary>
    Mutual,

    /// <summary>TLS; clients need no certificate.</summary>
    ServerOnly,

    /// <summary>TLS or plaintext, by the first byte of the connection; loopback only.</summary>
    Detect,
}
