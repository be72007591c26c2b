using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Loggregator.Client.Connect;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.Tls;

public sealed class TlsMatrixTests
{
    [Fact]
    public async Task Agent_CertificateOfItsCa_IsServed()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        using var credentials = PeerCredentials.Load(host.Files("client"));
        await host.SendAsync(credentials, "metron");
        Assert.DoesNotContain(host.Logs.Warnings, line => line.Contains("Refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agent_CertificateOfAnotherCa_IsRefusedWithPeerAndReason()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        await AssertRefusedAsync(host, TlsHost.Stranger("client"));
        var line = await host.LoggedAsync("Refused the connection of 127.0.0.1");
        Assert.Contains("its certificate (client) was issued by another CA", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_ExpiredCertificate_IsRefusedWithTheDate()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        using var leaf = host.Leaf("client", TimeSpan.FromHours(1), TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(3));
        await AssertRefusedAsync(host, host.Identity(leaf));
        await host.LoggedAsync("its certificate (client) expired on");
    }

    [Fact]
    public async Task Agent_NoCertificate_IsRefused()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        await AssertRefusedAsync(host, null);
        await host.LoggedAsync("it presented no certificate");
    }

    [Fact]
    public async Task Dev_ConnectionsResetBeforeTheySayAnything_AreNoErrors()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent", mutual: false);
        var address = System.Net.IPEndPoint.Parse(host.Address);
        for (var i = 0; i < 200; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
            await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(i % 3), TimeProvider.System, TestContext.Current.CancellationToken); // it may be read from by then
        }

        using var credentials = PeerCredentials.Load(host.Files("client"));
        await host.SendAsync(credentials, "metron");
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("Unhandled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agent_RefusedAgainAndAgain_IsToldOnce()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        for (var i = 0; i < 5; i++)
        {
            await AssertRefusedAsync(host, null);
        }

        await host.LoggedAsync("it presented no certificate");
        Assert.Single(host.Logs.Lines, line => line.Contains("Refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agent_GarbageOnTheTlsPort_IsRefusedAndOthersGoOn()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        using (var socket = await DialAsync(host))
        {
            await socket.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            await host.LoggedAsync("does not speak TLS");
        }

        using var credentials = PeerCredentials.Load(host.Files("client"));
        await host.SendAsync(credentials, "metron");
    }

    [Fact]
    public async Task Connector_ServerOfAnotherName_IsRefusedWithOneLine()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        using var credentials = PeerCredentials.Load(host.Files("client"));
        using var logs = new ErrorRecorder();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var connector = new PeerConnector(credentials, factory.CreateLogger<PeerConnector>());
        using var channel = connector.Open(host.Address, "doppler");
        for (var i = 0; i < 3; i++)
        {
            var e = await Assert.ThrowsAsync<RpcException>(() => TlsHost.SendAsync(channel));
            Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        }

        Assert.Contains($"TLS with doppler at {host.Address} failed: its certificate (metron) does not name 'doppler'", Assert.Single(logs.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connector_ServerOfAnotherCa_IsRefused()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        using var credentials = PeerCredentials.Of(TlsHost.Stranger("client"));
        var e = await Assert.ThrowsAsync<RpcException>(() => host.SendAsync(credentials, "metron"));
        Assert.Contains("was issued by another CA", e.Status.Detail + e.Status.DebugException, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_CertificateRenewed_IsUsedWithoutRestart()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = new TlsHost();
        await host.StartAsync("agent", time);
        var before = await PresentedSerialAsync(host);
        host.Issue("agent", TimeSpan.FromHours(1));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.NotEqual(before, await PresentedSerialAsync(host));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Agent_BothTlsVersions_AreSpoken(SslProtocols version)
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent");
        using var credentials = PeerCredentials.Load(host.Files("client"));
        await using var tls = await HandshakeAsync(host, credentials.Current, version);
        Assert.Equal(version, tls.SslProtocol);
    }

    [Fact]
    public async Task Doppler_CallerOfAnotherRole_IsForbiddenUnderOurOwnCa()
    {
        await using var host = new TlsHost();
        await host.StartAsync("doppler");
        using var client = PeerCredentials.Load(host.Files("client"));
        var e = await Assert.ThrowsAsync<RpcException>(() => host.SendAsync(client, "doppler"));
        Assert.Equal(StatusCode.PermissionDenied, e.StatusCode);
        Assert.Contains("called /loggregator.v2.Ingress/Send", await host.LoggedAsync("its certificate must name metron"), StringComparison.Ordinal);

        using var agent = PeerCredentials.Load(host.Files("agent"));
        await host.SendAsync(agent, "doppler");
    }

    [Fact]
    public async Task Dev_OnePort_TakesTlsAndPlaintext()
    {
        await using var host = new TlsHost();
        await host.StartAsync("agent", mutual: false);
        await host.SendAsync(null, "metron");
        using var credentials = PeerCredentials.Load(host.Files("client"));
        await host.SendAsync(credentials, "metron");
    }

    private static async Task AssertRefusedAsync(TlsHost host, PeerIdentity? identity)
    {
        // In TLS 1.3 the client's part of the handshake succeeds; that it was refused shows at the first read.
        try
        {
            await using var tls = await HandshakeAsync(host, identity, SslProtocols.Tls12 | SslProtocols.Tls13);
            Assert.Equal(0, await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // Refused with an alert.
        }
    }

    private static async Task<string> PresentedSerialAsync(TlsHost host)
    {
        using var credentials = PeerCredentials.Load(host.Files("client"));
        await using var tls = await HandshakeAsync(host, credentials.Current, SslProtocols.Tls13);
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    private static async Task<SslStream> HandshakeAsync(TlsHost host, PeerIdentity? identity, SslProtocols versions)
    {
        var socket = await DialAsync(host);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "metron",
                ClientCertificateContext = identity?.Context,
                EnabledSslProtocols = versions,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null, // whom the server is, other tests check
            },
            TestContext.Current.CancellationToken);
        return tls;
    }

    private static async Task<Socket> DialAsync(TlsHost host)
    {
        var target = HostAndPort.Parse(host.Address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target.Host, target.Port, TestContext.Current.CancellationToken);
        return socket;
    }
}
