using Loggregator.Certificates;
using Loggregator.IntegrationTests.Exe;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>
/// What docker-compose.yml and the units of systemd start exists: each command line goes through the parser and the check of the executable itself,
/// with certificates of the names that are written there.
/// </summary>
public sealed class DeployedCommandTests : IDisposable
{
    private static readonly string[] RoleNames = ["agent", "doppler", "traffic-controller", "nozzle"];
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-deploy-").FullName;

    public DeployedCommandTests()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authority = PrivateAuthority.Create(now, TimeSpan.FromDays(1));
        var certificates = new CertificateFolder(Path.Combine(_folder, "certs"), overwrite: true);
        certificates.Write(authority);
        foreach (var name in RoleNames)
        {
            using var leaf = authority.Issue(CertificateRole.All.Single(role => role.Name == name), [], now, TimeSpan.FromDays(1));
            certificates.Write(name, leaf);
        }
    }

    public static TheoryData<string> Units() => [.. RoleNames.Select(Unit)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Compose_EachOfOurCommands_IsRightAndEachRoleIsThere()
    {
        var services = (await ComposeFile.ReadAsync()).Ours.ToList();
        Assert.Equal(
            ["agent", "doppler", "doppler", "nozzle", "traffic-controller", "traffic-controller"],
            services.Select(service => service.Command[0]).Where(RoleNames.Contains).Order(StringComparer.Ordinal));
        foreach (var (name, command) in services)
        {
            string[] words = [.. command.Select(word => word.Replace("/certs", Path.Combine(_folder, "certs"), StringComparison.Ordinal))];
            await RunsAsync(name, RoleNames.Contains(words[0]) ? ["config", "check", .. words] : [.. words, "--force"]); // what is no role makes certificates
        }
    }

    [Fact]
    public async Task Compose_ConfigurationOfHaproxy_NamesItsTrafficControllers()
    {
        var file = await ComposeFile.ReadAsync();
        var configuration = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/haproxy/haproxy.cfg"), TestContext.Current.CancellationToken);
        Assert.All(
            file.Ours.Where(service => service.Command[0] == "traffic-controller"),
            service => Assert.All([8081, 8083], port => Assert.Contains($"server {service.Name} {service.Name}:{port} check port 9103", configuration, StringComparison.Ordinal)));
        Assert.Equal(["apache/kafka:4.2.0", "haproxy:2.6"], file.Services.Values.Select(service => service.Image).Where(image => image != ComposeFile.OurImage).Order());
    }

    [Theory]
    [MemberData(nameof(Units))]
    public async Task Unit_CommandAndConfiguration_AreRight(string unit)
    {
        var line = (await ReadAsync(unit)).Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal));
        var words = line.Split('=', 2)[1].Split(' ');
        Assert.Equal("/usr/bin/loggregator", words[0]);
        Assert.Equal(Unit(words[1]), unit);
        var configuration = Path.Combine(_folder, words[1] + ".json");
        await File.WriteAllTextAsync(configuration, (await ReadAsync(words[1] + ".json")).Replace("/etc/loggregator", _folder, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await RunsAsync(unit, ["config", "check", .. words[1..].Select(word => word.Replace("/etc/loggregator", _folder, StringComparison.Ordinal))]);
    }

    [Theory]
    [MemberData(nameof(Units))]
    public async Task Unit_Systemd_UnderstandsItAndFindsItHardened(string unit)
    {
        var here = Path.Combine(_folder, unit);
        var text = (await ReadAsync(unit)).Replace("/usr/bin/loggregator", Path.Combine(AppContext.BaseDirectory, "loggregator"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(here, text, TestContext.Current.CancellationToken);
        await Tool.RunAsync("systemd-analyze", "--recursive-errors=no", "verify", "--man=no", here);
        await Tool.RunAsync("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20", here); // tenths of its scale of 10
    }

    private static string Unit(string role) => $"loggregator-{role}.service";

    private static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy/systemd", file), TestContext.Current.CancellationToken);

    private static async Task RunsAsync(string what, string[] arguments)
    {
        var ran = await DevProcess.RunAsync(arguments);
        Assert.True(ran.ExitCode == 0, $"{what}: loggregator {string.Join(' ', arguments)}\n{ran.Out}{ran.Error}");
    }
}
