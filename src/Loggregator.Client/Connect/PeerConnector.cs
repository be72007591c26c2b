using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Net.Client;
using Loggregator.Protocol.Grpc;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Client.Connect;

/// <summary>
/// Opens gRPC channels to peers: HTTP/2 with keep-alive, mTLS when there are credentials, plaintext otherwise. Any thread may call it.
/// Each connection's handshake uses the credentials of that moment, so renewed certificates need no new channel.
/// </summary>
/// <param name="credentials">Who we are; null: plaintext.</param>
/// <param name="logger">Gets a line when a peer's handshake begins to fail, and when it works again.</param>
/// <param name="resolve">Looks names up; the system's resolver when null.</param>
internal sealed class PeerConnector(
    PeerCredentials? credentials = null, ILogger<PeerConnector>? logger = null, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    /// <summary>Name of the agent's certificate.</summary>
    public const string AgentName = "metron";

    /// <summary>Name of the Doppler's certificate.</summary>
    public const string DopplerName = "doppler";

    /// <summary>Name of the reverse log proxy's certificate.</summary>
    public const string ReverseLogProxyName = "reverselogproxy";

    private const int MaxFailing = 1024; // peers remembered as failing; past it they are told again
    private readonly ILogger _logger = logger ?? NullLogger<PeerConnector>.Instance;
    private readonly ConcurrentDictionary<string, bool> _failing = new();

    /// <summary>Whether peers are reached by TLS.</summary>
    public bool Secure => credentials is not null;

    /// <summary>Looks a name up, for whoever needs all of its addresses.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; } = resolve ?? Dns.GetHostAddressesAsync;

    /// <summary>Opens a channel of one connection, which is dialled at the first call and again after it broke.</summary>
    /// <param name="hostAndPort">Where to dial, for example <c>10.0.0.4:8082</c>.</param>
    /// <param name="serverName">What the peer's certificate must name, whatever was dialled: <c>metron</c>, <c>doppler</c> or <c>reverselogproxy</c>.</param>
    public GrpcChannel Open(string hostAndPort, string serverName)
    {
        var target = HostAndPort.Parse(hostAndPort);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancel) => DialAsync(target, serverName, cancel),
            ConnectTimeout = TimeSpan.FromSeconds(5),
            EnableMultipleHttp2Connections = false,
            InitialHttp2StreamWindowSize = 4 * 1024 * 1024,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        };
        if (serverName != AgentName)
        {
            // Original forwarder agents answer pings more frequent than one in five minutes with GOAWAY; agents are on this host anyway.
            handler.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
            handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        }

        // The name that is in the URI is what the peer sees as authority, and what errors name.
        return GrpcChannel.ForAddress($"{(credentials is null ? "http" : "https")}://{serverName}:{target.Port}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = RawMethods.MaxMessageBytes,
            MaxSendMessageSize = null,
        });
    }

    private async ValueTask<Stream> DialAsync(HostAndPort target, string serverName, CancellationToken cancel)
    {
        var socket = await target.ConnectAsync(cancel).ConfigureAwait(false);
        try
        {
            var stream = new NetworkStream(socket, ownsSocket: true);
            return credentials is null ? stream : await SecureAsync(stream, target, serverName, cancel).ConfigureAwait(false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream> SecureAsync(Stream transport, HostAndPort target, string serverName, CancellationToken cancel)
    {
        var identity = credentials!.Current;
        string? refused = null;
        var tls = new SslStream(transport);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = serverName,
                    ClientCertificateContext = identity.Context,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                        (refused = identity.RejectServer(certificate, chain, serverName, credentials.Now)) is null,
                },
                cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            var reason = refused ?? Describe(e);
            Tell(target, serverName, reason);
            throw new IOException($"TLS with {serverName} at {target} failed: {reason}."); // for gRPC: unavailable, so worth another try
        }

        if (_failing.TryRemove(Key(target, serverName), out _))
        {
            Log.HandshakeRecovered(_logger, serverName, target.ToString());
        }

        return tls;
    }

    private void Tell(HostAndPort target, string serverName, string reason)
    {
        if (_failing.Count >= MaxFailing)
        {
            _failing.Clear();
        }

        if (_failing.TryAdd(Key(target, serverName), true))
        {
            Log.HandshakeFailed(_logger, serverName, target.ToString(), reason);
        }
    }

    private static string Key(HostAndPort target, string serverName) => serverName + "@" + target;

    private static string Describe(Exception e)
    {
        var inner = e.InnerException?.Message ?? e.Message;
        return e is IOException
            ? "it closed the connection during the handshake; it may speak plaintext, or refuse our certificate"
            : inner.TrimEnd('.');
    }
}
