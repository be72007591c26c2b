using Loggregator.Certificates;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Client;

public sealed class PeerCredentialsTests : IDisposable
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly CertificateFolder _folder;
    private readonly string _path = Directory.CreateTempSubdirectory("peer").FullName;
    private readonly PrivateAuthority _authority;

    public PeerCredentialsTests()
    {
        _authority = PrivateAuthority.Create(_time.GetUtcNow(), 3 * Year);
        _folder = new CertificateFolder(_path, overwrite: true);
        _folder.Write(_authority);
        Issue("agent", Year);
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    [Fact]
    public void Load_GoodFiles_GivesTheCertificate()
    {
        using var credentials = PeerCredentials.Load(Files("agent"), _time);
        Assert.Contains("metron", PeerIdentity.DnsNames(credentials.Current.Leaf));
    }

    [Fact]
    public void Load_MissingFile_NamesItAndTheCure()
    {
        var e = Assert.Throws<CredentialsException>(() => PeerCredentials.Load(Files("agent") with { Key = "/nowhere/agent.key" }, _time));
        Assert.Contains("/nowhere/agent.key does not exist", e.Message, StringComparison.Ordinal);
        Assert.Contains("certs issue", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_KeyOfAnotherCertificate_IsRefused()
    {
        Issue("doppler", Year);
        var e = Assert.Throws<CredentialsException>(() => PeerCredentials.Load(Files("agent") with { Key = _folder.Key("doppler") }, _time));
        Assert.Contains("is not the private key of", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Expired_SaysWhen()
    {
        _time.Advance(Year + TimeSpan.FromHours(1));
        var e = Assert.Throws<CredentialsException>(() => PeerCredentials.Load(Files("agent"), _time));
        Assert.Contains("expired on 2027-01-01", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NotPem_SaysSo()
    {
        File.WriteAllText(_folder.AuthorityCertificate, "hello");
        var e = Assert.Throws<CredentialsException>(() => PeerCredentials.Load(Files("agent"), _time));
        Assert.Contains("holds no certificate", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Poll_FilesRenewed_NewOnesAreUsed()
    {
        using var credentials = PeerCredentials.Load(Files("agent"), _time);
        var before = credentials.Current.Leaf.SerialNumber;
        Issue("agent", Year);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotEqual(before, credentials.Current.Leaf.SerialNumber);
    }

    [Fact]
    public void Poll_RenewalIsDamaged_OldOnesStayUntilItIsRepaired()
    {
        using var credentials = PeerCredentials.Load(Files("agent"), _time);
        var before = credentials.Current;
        File.WriteAllText(_folder.Certificate("agent"), "-----BEGIN CERTIFICATE-----\nhalf");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Same(before, credentials.Current);
        Issue("agent", Year);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotSame(before, credentials.Current);
    }

    private void Issue(string role, TimeSpan lifetime)
    {
        using var leaf = _authority.Issue(CertificateRole.All.Single(r => r.Name == role), [], _time.GetUtcNow(), lifetime);
        _folder.Write(role, leaf);
    }

    private PeerFiles Files(string role) => new(_folder.Certificate(role), _folder.Key(role), _folder.AuthorityCertificate);
}
