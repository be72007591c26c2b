using System.Security.Cryptography.X509Certificates;
using Loggregator.Certificates;

namespace Loggregator.TestKit.Sinks;

/// <summary>A CA with PEM files for receivers and sinks: a server for localhost, one whose certificate has expired, and a client.</summary>
public sealed class PeerCertificates : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-tls-").FullName;

    /// <summary>Makes them.</summary>
    public PeerCertificates()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authority = PrivateAuthority.Create(now - TimeSpan.FromDays(3), TimeSpan.FromDays(10));
        File.WriteAllText(Authority, authority.CertificatePem());
        Write("server", authority.Issue(CertificateRole.All[0], [], now, TimeSpan.FromDays(1)));
        Write("expired", authority.Issue(CertificateRole.All[0], [], now - TimeSpan.FromDays(2), TimeSpan.FromDays(1)));
        Write("client", authority.Issue(CertificateRole.All[^1], [], now, TimeSpan.FromDays(1)));
    }

    /// <summary>The CA's certificate.</summary>
    public string Authority => Path.Combine(_folder, "ca.crt");

    /// <summary>A certificate: <c>server</c>, <c>expired</c> or <c>client</c>.</summary>
    public string Certificate(string name) => Path.Combine(_folder, name + ".crt");

    /// <summary>Its key.</summary>
    public string Key(string name) => Path.Combine(_folder, name + ".key");

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, X509Certificate2 leaf)
    {
        using (leaf)
        {
            File.WriteAllText(Certificate(name), leaf.ExportCertificatePem() + "\n");
            using var key = leaf.GetRSAPrivateKey()!;
            File.WriteAllText(Key(name), key.ExportPkcs8PrivateKeyPem() + "\n");
        }
    }
}
