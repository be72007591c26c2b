using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;

namespace Loggregator.Load;

/// <summary>Dials the system under test. Every call opens a connection of its own; all are closed with this.</summary>
internal sealed class Peers : IDisposable
{
    private readonly PeerCredentials? _credentials;
    private readonly X509Certificate2Collection? _authorities;
    private readonly PeerConnector _connector;
    private readonly List<GrpcChannel> _channels = [];

    public Peers(LoadOptions options)
    {
        if (options.Cert.Length + options.Key.Length > 0)
        {
            _credentials = PeerCredentials.Load(new PeerFiles(options.Cert, options.Key, options.Ca));
        }

        if (options.Ca.Length > 0)
        {
            _authorities = [];
            _authorities.ImportFromPemFile(options.Ca);
        }

        _connector = new PeerConnector(_credentials);
    }

    public CallInvoker Dial(string hostAndPort, string serverName)
    {
        var channel = _connector.Open(hostAndPort, serverName);
        _channels.Add(channel);
        return channel.CreateCallInvoker();
    }

    /// <summary>A handler of one HTTP connection; https trusts the given CA, or the machine's when there is none.</summary>
    public HttpMessageHandler HttpHandler()
    {
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1, UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null };
        if (_authorities is not null)
        {
            handler.SslOptions = TlsOptions(null);
        }

        return handler;
    }

    /// <summary>How a client without certificate makes TLS.</summary>
    public SslClientAuthenticationOptions TlsOptions(string? host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (_authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(_authorities);
        }

        return options;
    }

    public void Dispose()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        _credentials?.Dispose();
    }
}
