using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Loggregator.Client.Connect;

/// <summary>Makes HTTP clients for a Traffic Controller.</summary>
internal static class HttpConnector
{
    /// <summary>A client without time limit, as streams have none; a dead connection is noticed by whoever reads.</summary>
    /// <exception cref="CredentialsException">The certificates cannot be used.</exception>
    public static HttpClient Open(Uri url, ClientTls? tls, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            UseCookies = false,
            ConnectCallback = static async (context, cancel) => new NetworkStream(
                await new HostAndPort(context.DnsEndPoint.Host, context.DnsEndPoint.Port).ConnectAsync(cancel).ConfigureAwait(false), ownsSocket: true),
        };
        if (tls?.HttpAuthorities() is { } trust)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0
                && PeerIdentity.RejectServer(trust, certificate, chain, time.GetUtcNow()) is null;
        }

        if (tls?.HttpCertificate() is { } own)
        {
            handler.SslOptions.ClientCertificates = new X509Certificate2Collection(own);
        }

        return new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
    }
}
