namespace Loggregator.Client;

/// <summary>Where a <see cref="Consumer"/> reads from.</summary>
public sealed class ConsumerOptions
{
    /// <summary>The Traffic Controller's HTTP port.</summary>
    public Uri Url { get; set; } = new("http://127.0.0.1:8081");

    /// <summary>Whom to trust over HTTPS, and who we are; null: this machine's CAs.</summary>
    public ClientTls? Tls { get; set; }

    /// <summary>Gives the token of each request; null: none is sent.</summary>
    public TokenProvider? Token { get; set; }

    /// <summary>Sends the requests in place of a handler of ours, for example through a proxy; stays the caller's.</summary>
    public HttpMessageHandler? Handler { get; set; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;
}
