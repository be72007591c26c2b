using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Loggregator.Client.Connect;

namespace Loggregator.Client;

/// <summary>
/// Who the client is and whom it trusts: PEM files, which are watched so that renewed ones are used without restart, or certificates in memory.
/// gRPC peers (agent, Doppler, reverse log proxy) take mTLS only, so they need all of it; for HTTPS each part is optional.
/// </summary>
public sealed class ClientTls
{
    /// <summary>Path of the client's certificate (PEM), optionally followed by intermediates.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Path of its private key (PEM, not encrypted).</summary>
    public string? KeyFile { get; init; }

    /// <summary>Path of the CA certificates (PEM): the only ones that a server may chain to.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The client's certificate with its private key, in place of files.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>What is sent along with <see cref="Certificate"/>.</summary>
    public X509Certificate2Collection Intermediates { get; init; } = [];

    /// <summary>The CA certificates, in place of <see cref="AuthorityFile"/>.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>What a gRPC peer's certificate must name; null: <c>metron</c> for an agent, <c>reverselogproxy</c> for a reverse log proxy. A Doppler's names <c>doppler</c> in any case.</summary>
    public string? ServerName { get; init; }

    /// <summary>Credentials for a peer that wants mTLS.</summary>
    internal PeerCredentials ForPeer(TimeProvider time)
    {
        if (CertificateFile is not null && KeyFile is not null && AuthorityFile is not null)
        {
            return PeerCredentials.Load(new PeerFiles(CertificateFile, KeyFile, AuthorityFile), time);
        }

        return Certificate is not null && Authorities is { Count: > 0 }
            ? PeerCredentials.Of(new PeerIdentity(Certificate, Intermediates, Authorities), time)
            : throw new CredentialsException(
                "mTLS needs a certificate, its key and a CA: set CertificateFile, KeyFile and AuthorityFile, or Certificate and Authorities.");
    }

    /// <summary>The CAs that an HTTPS server must chain to; null: those of this machine.</summary>
    internal X509Certificate2Collection? HttpAuthorities() => Authorities ?? (AuthorityFile is null ? null : PeerFiles.ReadAuthority(AuthorityFile));

    /// <summary>The certificate that is shown to an HTTPS server; null: none.</summary>
    internal X509Certificate2? HttpCertificate()
    {
        if (Certificate is not null || CertificateFile is null || KeyFile is null)
        {
            return Certificate;
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CredentialsException($"The certificate {CertificateFile} and the key {KeyFile} cannot be used: {e.Message}", e);
        }
    }
}
