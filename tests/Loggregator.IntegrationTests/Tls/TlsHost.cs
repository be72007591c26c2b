using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Certificates;
using Loggregator.Client.Connect;
using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Protocol.V2;
using Loggregator.Roles;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Loggregator.IntegrationTests.Tls;

/// <summary>A real role of the table behind its real listener, with certificates in a folder of its own.</summary>
internal sealed class TlsHost : IAsyncDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);
    private readonly string _path = Directory.CreateTempSubdirectory("tls").FullName;
    private readonly CertificateFolder _folder;
    private readonly PrivateAuthority _authority = PrivateAuthority.Create(TimeProvider.System.GetUtcNow(), Lifetime);
    private RolePlanner? _planner;
    private RoleHost? _host;

    public TlsHost()
    {
        _folder = new CertificateFolder(_path, overwrite: true);
        _folder.Write(_authority);
        foreach (var role in CertificateRole.All)
        {
            Issue(role.Name, Lifetime);
        }
    }

    /// <summary>What the role logged.</summary>
    public ErrorRecorder Logs { get; } = new();

    /// <summary>The role's first port: gRPC, but HTTP of a Traffic Controller.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_host!.Listeners[0].Bound.Port}");

    public static PeerIdentity Stranger(string role)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var other = PrivateAuthority.Create(now, Lifetime);
        var authority = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(other.Certificate.RawData);
        return new PeerIdentity(other.Issue(CertificateRole.All.Single(r => r.Name == role), [], now, Lifetime), [], [authority]);
    }

    public void Issue(string role, TimeSpan lifetime, DateTimeOffset? at = null)
    {
        using var leaf = Leaf(role, lifetime, at);
        _folder.Write(role, leaf);
    }

    /// <summary>A leaf of the role's CA.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2 Leaf(string role, TimeSpan lifetime, DateTimeOffset? at = null) =>
        _authority.Issue(CertificateRole.All.Single(r => r.Name == role), [], at ?? TimeProvider.System.GetUtcNow(), lifetime);

    /// <summary>An identity that trusts the role's CA.</summary>
    public PeerIdentity Identity(System.Security.Cryptography.X509Certificates.X509Certificate2 leaf) => new(leaf, [], [_authority.Certificate]);

    public PeerFiles Files(string role) => new(_folder.Certificate(role), _folder.Key(role), _folder.AuthorityCertificate);

    public async Task StartAsync(string roleName, TimeProvider? time = null, bool mutual = true)
    {
        var role = RoleTable.Named(roleName);
        var files = Files(roleName);
        string[] ports = roleName switch
        {
            "agent" => ["Agent:Listen", "Agent:UdpListen"],
            "traffic-controller" => ["TrafficController:HttpListen", "TrafficController:GrpcListen"],
            _ => [$"{role.Section}:Listen"],
        };
        List<Setting> settings =
        [
            .. ports.Append($"Metrics:{role.Section}").Select(port => new Setting(port, ["127.0.0.1:0"], "test")), new($"{role.Section}:DrainDeadline", ["1s"], "test"),
        ];

        if (mutual)
        {
            settings.AddRange([new("Tls:Certificate", [files.Certificate], "test"), new("Tls:Key", [files.Key], "test"), new("Tls:Authority", [files.Authority], "test")]);
        }

        var read = RoleSettings.Read([role], [new("Metrics:EmitTo", [""], "the test"), .. settings], []);
        _planner = new RolePlanner(read, time ?? TimeProvider.System, Logs.CreateLogger("Planner"))
        {
            DevCredentials = mutual ? null : () => ValueTask.FromResult(PeerCredentials.Load(files)),
        };
        var plans = _planner.Plan([role]);
        Assert.Empty(read.Errors);
        _host = RoleHost.Build(plans[0], new HostParts(TimeProvider.System, _ => Logs));
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Calls the role's ingress.</summary>
    public async Task SendAsync(PeerCredentials? credentials, string serverName, ILogger<PeerConnector>? logger = null)
    {
        using var channel = new PeerConnector(credentials, logger).Open(Address, serverName);
        await SendAsync(channel);
    }

    public static async Task SendAsync(GrpcChannel channel) =>
        await new Ingress.IngressClient(channel).SendAsync(
            new EnvelopeBatch { Batch = { new Envelope { SourceId = "a", Log = new Protocol.V2.Log() } } },
            new CallOptions(deadline: DateTime.MaxValue, cancellationToken: TestContext.Current.CancellationToken));

    /// <summary>Waits for a line of the role's log.</summary>
    public async Task<string> LoggedAsync(string part)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (Logs.Lines.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            Assert.False(patience.IsCancellationRequested, $"No line with '{part}' in:\n{string.Join('\n', Logs.Lines)}");
            await Task.Yield();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            await _host.DisposeAsync();
        }

        _planner?.Dispose();
        _authority.Dispose();
        Directory.Delete(_path, recursive: true);
    }
}
