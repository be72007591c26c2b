using System.Net.Security;
using System.Security.Authentication;
using Loggregator.Client;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Loggregator.Hosting.Tls;

/// <summary>
/// Connection middleware of one listener: tells plaintext from TLS where both are taken, makes the handshake with the credentials of that moment,
/// and says in one line why one failed. (Kestrel's own HTTPS middleware keeps the reason to itself and cannot look at the first byte.)
/// </summary>
internal sealed class TlsListener(Listener listener, TimeProvider time, HandshakeFailures failures)
{
    private const byte HandshakeRecord = 0x16;
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
    private static readonly List<SslApplicationProtocol> Http2 = [SslApplicationProtocol.Http2];
    private static readonly List<SslApplicationProtocol> Http2Or1 = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
    private readonly ListenerFeature _feature = new(listener);

    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(_feature);
        if (listener.Security == ListenerSecurity.Plaintext)
        {
            await next(connection);
            return;
        }

        using var timeout = new CancellationTokenSource(HandshakeTimeout, time);
        if (listener.Security == ListenerSecurity.Detect && !await BeginsWithHandshakeAsync(connection, timeout.Token))
        {
            await next(connection);
            return;
        }

        var transport = connection.Transport;
        await using var tls = new SslStream(new DuplexPipeStream(transport), leaveInnerStreamOpen: true);
        if (!await TryHandshakeAsync(connection, tls, timeout.Token))
        {
            return;
        }

        var pipe = new SslPipe(tls);
        connection.Transport = pipe;
        try
        {
            await next(connection);
        }
        finally
        {
            await pipe.CompleteAsync();
            connection.Transport = transport;
        }
    }

    private static async ValueTask<bool> BeginsWithHandshakeAsync(ConnectionContext connection, CancellationToken cancel)
    {
        try
        {
            var read = await connection.Transport.Input.ReadAsync(cancel);
            var tls = !read.Buffer.IsEmpty && read.Buffer.FirstSpan[0] == HandshakeRecord;
            connection.Transport.Input.AdvanceTo(read.Buffer.Start); // nothing consumed, nothing examined: the next reader starts at once
            return tls;
        }
        catch (OperationCanceledException)
        {
            connection.Abort(new ConnectionAbortedException("The client said nothing."));
            return false;
        }
        catch (IOException)
        {
            return false; // reset before it said anything: whoever reads next learns of it, and knows what to do
        }
    }

    private async ValueTask<bool> TryHandshakeAsync(ConnectionContext connection, SslStream tls, CancellationToken cancel)
    {
        string? refused = null;
        try
        {
            var credentials = await listener.Credentials!();
            var identity = credentials.Current;
            var mutual = listener.Security == ListenerSecurity.Mutual;
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = identity.Context,
                    ClientCertificateRequired = mutual,
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                        !mutual || (refused = identity.RejectClient(certificate, chain, time.GetUtcNow())) is null,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ApplicationProtocols = listener.Kind == ListenerKind.Grpc ? Http2 : Http2Or1,
                    AllowRenegotiation = false,
                },
                cancel);
        }
        catch (OperationCanceledException)
        {
            failures.Tell(listener, connection, "it did not finish the handshake within 10 seconds");
            return false;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or CredentialsException or ObjectDisposedException)
        {
            failures.Tell(listener, connection, refused ?? Describe(e));
            return false;
        }

        if (!HasSoundSuite(tls))
        {
            failures.Tell(listener, connection, $"of TLS 1.2 it takes nothing better than {tls.NegotiatedCipherSuite}; it must offer AES-GCM with ECDHE");
            return false;
        }

        var feature = new TlsFeature(tls);
        connection.Features.Set<ITlsConnectionFeature>(feature);
        connection.Features.Set<ITlsHandshakeFeature>(feature);
        connection.Features.Set<ITlsApplicationProtocolFeature>(feature);
        return true;
    }

    // The platform agrees to CBC too. A policy of suites would forbid it, but with one it keeps no TLS context from one connection to the next.
    private static bool HasSoundSuite(SslStream tls) => tls.SslProtocol == SslProtocols.Tls13 || tls.NegotiatedCipherSuite is
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        or TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 or TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;

    private static string Describe(Exception e) => e switch
    {
        IOException => "it left during the handshake; it may not trust our certificate",
        AuthenticationException { InnerException: { } inner } => Plain(inner.InnerException?.Message ?? inner.Message),
        _ => Plain(e.Message),
    };

    private static string Plain(string message)
    {
        var text = message.TrimEnd('.');
        return text.Contains("Cannot determine the frame size", StringComparison.Ordinal) || text.Contains("corrupted frame", StringComparison.Ordinal)
            ? "it does not speak TLS (plaintext, or not our protocol)"
            : text;
    }
}
