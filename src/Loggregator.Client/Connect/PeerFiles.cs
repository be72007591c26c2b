using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Loggregator.Client.Connect;

/// <summary>Where a role's certificate, its key and the CA that it trusts lie, all PEM.</summary>
/// <param name="Certificate">The leaf, optionally followed by intermediates.</param>
/// <param name="Key">The leaf's private key, not encrypted.</param>
/// <param name="Authority">The CA certificates: the only ones that are trusted.</param>
internal sealed record PeerFiles(string Certificate, string Key, string Authority)
{
    /// <summary>Reads and checks the files.</summary>
    /// <exception cref="CredentialsException">A file is unreadable, not PEM, does not match the others, or the certificate is not valid at <paramref name="now"/>.</exception>
    public PeerIdentity Read(DateTimeOffset now) => Parse(ReadText(), now);

    /// <summary>Reads a CA file alone, for clients that show no certificate.</summary>
    /// <exception cref="CredentialsException">The file is unreadable or holds no certificate.</exception>
    public static X509Certificate2Collection ReadAuthority(string path) => ParseCertificates(path, "CA", ReadFile(path, "CA"));

    /// <summary>The texts of the three files.</summary>
    internal (string Certificate, string Key, string Authority) ReadText() =>
        (ReadFile(Certificate, "certificate"), ReadFile(Key, "key"), ReadFile(Authority, "CA"));

    /// <summary>Makes an identity of the texts of the three files.</summary>
    internal PeerIdentity Parse((string Certificate, string Key, string Authority) pem, DateTimeOffset now)
    {
        var chain = ParseCertificates(Certificate, "certificate", pem.Certificate);
        var authorities = ParseCertificates(Authority, "CA", pem.Authority);
        var leaf = WithKey(chain[0], pem.Key);
        chain.RemoveAt(0);
        if (leaf.NotAfter.ToUniversalTime() <= now.UtcDateTime)
        {
            throw new CredentialsException(
                $"The certificate {Certificate} expired on {leaf.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. Renew it, for example with 'loggregator certs issue'.");
        }

        if (leaf.NotBefore.ToUniversalTime() > now.UtcDateTime)
        {
            throw new CredentialsException(
                $"The certificate {Certificate} is not valid before {leaf.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. Check this machine's clock.");
        }

        return new PeerIdentity(leaf, chain, authorities);
    }

    private static string ReadFile(string path, string what)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CredentialsException($"The {what} file {path} does not exist. Create it with 'loggregator certs issue', or correct the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CredentialsException($"The {what} file {path} cannot be read ({e.Message}). Let this user read it, or correct the path.", e);
        }
    }

    private static X509Certificate2Collection ParseCertificates(string path, string what, string pem)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new CredentialsException($"The {what} file {path} is damaged ({e.Message}). Issue it anew.", e);
        }

        return found.Count > 0
            ? found
            : throw new CredentialsException($"The {what} file {path} holds no certificate. It must be PEM, with 'BEGIN CERTIFICATE'.");
    }

    private X509Certificate2 WithKey(X509Certificate2 leaf, string keyPem)
    {
        try
        {
            using var rsa = leaf.GetRSAPublicKey();
            if (rsa is not null)
            {
                using var key = RSA.Create();
                key.ImportFromPem(keyPem);
                return leaf.CopyWithPrivateKey(key);
            }

            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(keyPem);
            return leaf.CopyWithPrivateKey(ecdsa);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CredentialsException(
                $"The key file {Key} is not the private key of the certificate {Certificate} ({e.Message.TrimEnd('.')}). Name the two files of one 'certs issue', the key unencrypted.", e);
        }
    }
}
