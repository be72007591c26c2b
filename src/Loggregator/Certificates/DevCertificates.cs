using System.Security.Cryptography.X509Certificates;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Commands;

namespace Loggregator.Certificates;

/// <summary>
/// The certificate of <c>dev</c>: one leaf with the names of all roles, made at the first TLS handshake or in the background after start,
/// kept in a folder so that an original client can be given the CA and a certificate of its own.
/// </summary>
internal sealed class DevCertificates(string folderPath, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(1);
    private readonly Lock _making = new();
    private PeerCredentials? _credentials;

    /// <summary>Where the CA and a client's certificate lie.</summary>
    public string Folder => folderPath;

    /// <summary>The credentials, made at the first call.</summary>
    public ValueTask<PeerCredentials> GetAsync() =>
        Volatile.Read(ref _credentials) is { } made ? ValueTask.FromResult(made) : new ValueTask<PeerCredentials>(Task.Run(Make));

    private PeerCredentials Make()
    {
        lock (_making)
        {
            return _credentials ??= PeerCredentials.Of(TryRead() ?? Create(), time);
        }
    }

    private PeerIdentity? TryRead()
    {
        var folder = new CertificateFolder(folderPath, overwrite: true);
        try
        {
            var files = new PeerFiles(folder.Certificate("dev"), folder.Key("dev"), folder.AuthorityCertificate);
            return files.Read(time.GetUtcNow() + RenewBefore);
        }
        catch (CredentialsException)
        {
            return null; // not there yet, or due
        }
    }

    private PeerIdentity Create()
    {
        var now = time.GetUtcNow();
        using var authority = PrivateAuthority.Create(now, Lifetime);
        var leaf = authority.Issue(new CertificateRole("dev", [.. CertificateRole.All.SelectMany(r => r.Names)], "all roles"), [], now, Lifetime);
        var client = authority.Issue(CertificateRole.All[^1], [], now, Lifetime);
        try
        {
            var folder = new CertificateFolder(folderPath, overwrite: true);
            folder.Write(authority);
            folder.Write("dev", leaf);
            folder.Write("client", client);
        }
        catch (CommandFailedException)
        {
            // The folder cannot be written: TLS works all the same, for clients that do not check who we are.
        }

        return new PeerIdentity(leaf, [], [X509CertificateLoader.LoadCertificate(authority.Certificate.RawData)]);
    }
}
