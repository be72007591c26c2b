namespace Loggregator.Client;

/// <summary>Where a <see cref="ReverseLogProxyConsumer"/> reads from.</summary>
public sealed class ReverseLogProxyOptions
{
    /// <summary>The gRPC port of a reverse log proxy, <c>host:port</c>: our Traffic Controller's, or an original's.</summary>
    public string Address { get; set; } = "127.0.0.1:8083";

    /// <summary>Certificates for mTLS; null: plaintext.</summary>
    public ClientTls? Tls { get; set; }

    /// <summary>Gives the token that goes with each call as <c>authorization</c>; null: none is sent.</summary>
    public TokenProvider? Token { get; set; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;
}
