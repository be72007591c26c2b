using System.Security.Cryptography.X509Certificates;
using Loggregator.Certificates;
using Loggregator.Client.Connect;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class CertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("certs").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task InitThenIssue_EveryRole_MakesFilesThatTrustEachOther()
    {
        Assert.Equal(0, (await CommandLine.RunAsync("certs", "init", "--dir", _folder)).ExitCode);
        var issued = await CommandLine.RunAsync("certs", "issue", "agent", "doppler", "traffic-controller", "client", "--dir", _folder, "--name", "logs.example", "--name", "10.1.2.3");
        Assert.Equal(0, issued.ExitCode);
        Assert.Equal(4, issued.Out.Split('\n').Count(line => line.Contains("valid until", StringComparison.Ordinal)));

        var now = DateTimeOffset.UtcNow;
        var agent = Files("agent").Read(now);
        var doppler = Files("doppler").Read(now);
        Assert.Null(agent.RejectServer(doppler.Leaf, null, "doppler", now));
        Assert.Null(doppler.RejectClient(agent.Leaf, null, now));
        Assert.Null(agent.RejectServer(doppler.Leaf, null, "logs.example", now));
        Assert.NotNull(agent.RejectServer(doppler.Leaf, null, "metron", now));
        Assert.Contains("reverselogproxy", PeerIdentity.DnsNames(Files("traffic-controller").Read(now).Leaf));
        Assert.Equal(2048, agent.Leaf.GetRSAPublicKey()!.KeySize);
        Assert.True(PrivateAuthority.Issued(agent.Leaf));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "agent.key")));
        }
    }

    [Fact]
    public async Task Init_FilesAreThere_RefusesUnlessForced()
    {
        await CommandLine.RunAsync("certs", "init", "--dir", _folder);
        var before = await File.ReadAllTextAsync(Path.Combine(_folder, "ca.crt"), TestContext.Current.CancellationToken);
        var again = await CommandLine.RunAsync("certs", "init", "--dir", _folder);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("--force", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(_folder, "ca.crt"), TestContext.Current.CancellationToken));
        Assert.Equal(0, (await CommandLine.RunAsync("certs", "init", "--dir", _folder, "--force")).ExitCode);
    }

    [Fact]
    public async Task InitAndIssue_Keep_MakeOnlyWhatIsMissing()
    {
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(0, (await CommandLine.RunAsync("certs", "init", "--dir", _folder, "--keep")).ExitCode);
        Assert.Equal(0, (await CommandLine.RunAsync("certs", "issue", "agent", "--dir", _folder, "--keep")).ExitCode);
        var files = new[] { "ca.crt", "ca.key", "agent.crt", "agent.key" };
        var before = await Task.WhenAll(files.Select(file => File.ReadAllTextAsync(Path.Combine(_folder, file), cancel)));

        Assert.Equal(0, (await CommandLine.RunAsync("certs", "init", "--dir", _folder, "--keep")).ExitCode);
        var again = await CommandLine.RunAsync("certs", "issue", "agent", "doppler", "--dir", _folder, "--keep");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("agent.crt is kept", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, await Task.WhenAll(files.Select(file => File.ReadAllTextAsync(Path.Combine(_folder, file), cancel))));
        Assert.True(File.Exists(Path.Combine(_folder, "doppler.crt")));
    }

    [Fact]
    public async Task Issue_WithoutAuthority_SaysHowToMakeOne()
    {
        var issued = await CommandLine.RunAsync("certs", "issue", "agent", "--dir", _folder);
        Assert.Equal(1, issued.ExitCode);
        Assert.Contains("certs init", issued.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issue_MisspeltRole_IsWrongUsage() => Assert.Equal(2, (await CommandLine.RunAsync("certs", "issue", "doplr", "--dir", _folder)).ExitCode);

    private PeerFiles Files(string role) => new(Path.Combine(_folder, role + ".crt"), Path.Combine(_folder, role + ".key"), Path.Combine(_folder, "ca.crt"));
}
