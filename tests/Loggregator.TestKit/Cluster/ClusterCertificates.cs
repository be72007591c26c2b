using Loggregator.Certificates;
using Loggregator.Client.Connect;

namespace Loggregator.TestKit.Cluster;

/// <summary>A private CA in a folder of its own, with a certificate for each role and one for clients.</summary>
internal sealed class ClusterCertificates : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);
    private readonly string _path = Directory.CreateTempSubdirectory("loggregator-test-").FullName;
    private readonly CertificateFolder _folder;
    private readonly Dictionary<string, PeerCredentials> _credentials = [];

    public ClusterCertificates()
    {
        _folder = new CertificateFolder(_path, overwrite: true);
        var now = TimeProvider.System.GetUtcNow();
        using var authority = PrivateAuthority.Create(now, Lifetime);
        _folder.Write(authority);
        foreach (var role in CertificateRole.All)
        {
            using var leaf = authority.Issue(role, [], now, Lifetime);
            _folder.Write(role.Name, leaf);
            _credentials.Add(role.Name, PeerCredentials.Load(FilesOf(role.Name)));
        }
    }

    /// <summary>With which a role, or a <c>client</c>, dials.</summary>
    public PeerCredentials Of(string role) => _credentials[role];

    public PeerFiles FilesOf(string role) => new(_folder.Certificate(role), _folder.Key(role), _folder.AuthorityCertificate);

    public void Dispose()
    {
        foreach (var credentials in _credentials.Values)
        {
            credentials.Dispose();
        }

        Directory.Delete(_path, recursive: true);
    }
}
