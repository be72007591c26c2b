using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Loggregator.Client.Connect;
using Xunit;

namespace Loggregator.IntegrationTests.Tls;

/// <summary>What of TLS is spoken: 1.2 and 1.3, and of 1.2 what has forward secrecy and AES-GCM alone.</summary>
public sealed class TlsSuitesTests
{
    private const ushort Tls12 = 0x0303;

    [Theory]
    [InlineData(0x0300, false)] // SSL 3
    [InlineData(0x0301, false)]
    [InlineData(0x0302, false)]
    [InlineData(Tls12, true)]
    public async Task Version_OlderThan12_IsRefused(ushort version, bool taken)
    {
        await using var host = new TlsHost();
        await host.StartAsync("traffic-controller");
        using var socket = await DialAsync(host);
        Assert.Equal(taken, await ClientHello.SayAsync(socket, version, 0xC02F, 0xC013, 0x002F) is not null);
    }

    [Theory]
    [InlineData(0xC02F, true)] // ECDHE-RSA-AES128-GCM-SHA256
    [InlineData(0xC030, true)] // ECDHE-RSA-AES256-GCM-SHA384
    [InlineData(0x0004, false)] // RSA-RC4-128-MD5
    [InlineData(0x0005, false)] // RSA-RC4-128-SHA
    [InlineData(0x000A, false)] // RSA-3DES-EDE-CBC-SHA
    [InlineData(0x002F, false)] // RSA-AES128-CBC-SHA
    [InlineData(0x0035, false)] // RSA-AES256-CBC-SHA
    [InlineData(0x003C, false)] // RSA-AES128-CBC-SHA256
    [InlineData(0x009C, false)] // RSA-AES128-GCM-SHA256
    [InlineData(0x009D, false)] // RSA-AES256-GCM-SHA384
    [InlineData(0x009E, false)] // DHE-RSA-AES128-GCM-SHA256
    [InlineData(0xC007, false)] // ECDHE-ECDSA-RC4-128-SHA
    [InlineData(0xC009, false)] // ECDHE-ECDSA-AES128-CBC-SHA
    [InlineData(0xC00A, false)] // ECDHE-ECDSA-AES256-CBC-SHA
    [InlineData(0xC011, false)] // ECDHE-RSA-RC4-128-SHA
    [InlineData(0xC012, false)] // ECDHE-RSA-3DES-EDE-CBC-SHA
    [InlineData(0xC013, false)] // ECDHE-RSA-AES128-CBC-SHA
    [InlineData(0xC014, false)] // ECDHE-RSA-AES256-CBC-SHA
    [InlineData(0xC023, false)] // ECDHE-ECDSA-AES128-CBC-SHA256
    [InlineData(0xC02B, false)] // ECDHE-ECDSA-AES128-GCM-SHA256, for which the certificate would have to be another
    [InlineData(0xC02C, false)] // ECDHE-ECDSA-AES256-GCM-SHA384
    [InlineData(0xCCA8, false)] // ECDHE-RSA-CHACHA20-POLY1305-SHA256
    [InlineData(0xCCA9, false)] // ECDHE-ECDSA-CHACHA20-POLY1305-SHA256
    public async Task Suite_OfTls12_IsTakenOrRefused(ushort suite, bool taken)
    {
        await using var host = new TlsHost();
        await host.StartAsync("traffic-controller");
        using var socket = await DialAsync(host);
        Assert.Equal(taken ? suite : null, await ClientHello.SayAsync(socket, Tls12, suite));
    }

    [Theory]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384)]
    public async Task Client_ThatOffersCbcAlone_IsThrownOutAndTheLogSaysWhy(TlsCipherSuite suite)
    {
        await using var host = new TlsHost();
        await host.StartAsync("traffic-controller");
        using var credentials = PeerCredentials.Load(host.Files("client"));
        using var socket = await DialAsync(host);
        await using var tls = new SslStream(new NetworkStream(socket));
#pragma warning disable CA1416 // the tests run where the suites can be chosen
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "reverselogproxy",
                ClientCertificateContext = credentials.Current.Context,
                EnabledSslProtocols = SslProtocols.Tls12,
                CipherSuitesPolicy = new CipherSuitesPolicy([suite]),
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
            },
            TestContext.Current.CancellationToken);
#pragma warning restore CA1416
        Assert.Contains($"nothing better than {suite}", await host.LoggedAsync("Refused the connection of 127.0.0.1"), StringComparison.Ordinal);
        try
        {
            Assert.Equal(0, await tls.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        }
        catch (IOException)
        {
            // Ended without a goodbye.
        }
    }

    private static async Task<Socket> DialAsync(TlsHost host)
    {
        var target = HostAndPort.Parse(host.Address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(target.Host, target.Port, TestContext.Current.CancellationToken);
        return socket;
    }
}
