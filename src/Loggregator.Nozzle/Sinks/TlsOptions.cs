using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks;

/// <summary>
/// TLS towards a receiver: trusted are the machine's CAs, or those of <c>ca</c> alone; <c>cert</c> and <c>key</c> are shown if the receiver asks.
/// Files are read when the sink is made.
/// </summary>
internal sealed class TlsOptions
{
    private string? _authority;
    private string? _certificate;
    private string? _key;
    private bool _skipVerify;
    private bool _strictInternal;

    /// <summary>The name that the receiver's certificate must bear.</summary>
    public string ServerName { get; private init; } = "";

    /// <summary>Reads <c>ca</c>, <c>cert</c>, <c>key</c>, <c>server-name</c>, <c>skip-verify</c> and <c>ssl-strict-internal</c>.</summary>
    public static TlsOptions Read(OptionReader read, string host)
    {
        var options = new TlsOptions { ServerName = read.Text("server-name") ?? host };
        (options._authority, options._certificate, options._key) = (read.Text("ca"), read.Text("cert"), read.Text("key"));
        options._skipVerify = read.Read("skip-verify", false);
        options._strictInternal = read.Read("ssl-strict-internal", false);
        if (options._certificate is null != options._key is null)
        {
            read.Fail("cert and key belong together: name both files, or neither.");
        }

        return options;
    }

    /// <summary>Loads the files.</summary>
    /// <param name="time">The clock by which certificates are judged.</param>
    /// <returns>What to authenticate with, and a function that tells why the last handshake refused the receiver, if it did.</returns>
    /// <exception cref="SinkException">A file is unreadable or damaged.</exception>
    public (SslClientAuthenticationOptions Options, Func<string?> Refusal) Load(TimeProvider time)
    {
        try
        {
            var authorities = _authority is null ? null : PeerFiles.ReadAuthority(_authority);
            var identity = _certificate is null ? null : SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(_certificate, _key), ReadChain(_certificate), offline: true);
            string? refusal = null;
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = ServerName,
                ClientCertificateContext = identity,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CipherSuitesPolicy = _strictInternal ? StrictInternal() : null,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (refusal = Refuse(authorities, certificate, chain, errors, time)) is null,
            };
            return (options, () => refusal);
        }
        catch (CredentialsException e)
        {
            throw new SinkException(e.Message, e);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SinkException($"the client certificate {_certificate} or its key {_key} cannot be read ({e.Message.TrimEnd('.')}). Name PEM files, the key unencrypted.", e);
        }
    }

    // The leaf is in the context already.
    private static X509Certificate2Collection ReadChain(string path)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(path);
        chain.RemoveAt(0);
        return chain;
    }

    private string? Refuse(X509Certificate2Collection? authorities, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, TimeProvider time)
    {
        if (_skipVerify)
        {
            return null;
        }

        if (authorities is not null && PeerIdentity.RejectServer(authorities, certificate, chain, time.GetUtcNow()) is { } reason)
        {
            return reason;
        }

        if (authorities is null && errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return $"this machine does not trust its certificate ({string.Join(", ", chain?.ChainStatus.Select(status => status.Status.ToString()) ?? [])})";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "it presented no certificate"
            : certificate is X509Certificate2 peer && !peer.MatchesHostname(ServerName, allowWildcards: true, allowCommonName: false) ? $"its certificate does not name '{ServerName}'"
            : null; // by our own look: an HTTP client knows no other name than the one it dials
    }

    // The profile that the original uses between its own parts.
    private static CipherSuitesPolicy? StrictInternal() => OperatingSystem.IsLinux()
        ? new CipherSuitesPolicy(
        [
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        ])
        : null;
}
