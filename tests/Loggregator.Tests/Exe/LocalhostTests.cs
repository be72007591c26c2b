using System.Net;
using System.Net.Sockets;
using Loggregator.Client.Connect;
using Loggregator.Hosting;
using Loggregator.Protocol.Grpc;
using Xunit;

namespace Loggregator.Tests.Exe;

/// <summary>The name localhost stands for both families, of which a machine or a peer may have one only.</summary>
public sealed class LocalhostTests
{
    private static readonly string[] Both = ["127.0.0.1", "::1"];

    /// <summary>The loopback addresses that this machine has.</summary>
    public static TheoryData<string> Loopbacks() => [.. Both.Where(Exists)];

    [Fact(Timeout = 120_000)]
    public async Task Listener_Localhost_TakesConnectionsOfEveryFamilyThereIs()
    {
        using var listener = new Listener("Agent:Listen", HostAndPort.Parse("localhost:0"), ListenerKind.Grpc, ListenerSecurity.Plaintext);
        Assert.True(listener.TryBind(out var error), error);
        Assert.Equal(Loopbacks().Select(row => row.Data), listener.AllBound.Select(bound => bound.Address.ToString()));
        Assert.Single(listener.AllBound.Select(bound => bound.Port).Distinct());
        foreach (var bound in listener.AllBound)
        {
            listener.Take(bound).Listen();
            using var client = new Socket(bound.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(bound, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [MemberData(nameof(Loopbacks))]
    public void Listener_LocalhostWhoseOtherFamilyIsTaken_IsRefusedWithTheCure(string taken)
    {
        using var other = Bound(taken);
        other.Listen();
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        using var listener = new Listener("Agent:Listen", new HostAndPort("localhost", port), ListenerKind.Grpc, ListenerSecurity.Plaintext);
        Assert.False(listener.TryBind(out var error));
        Assert.Contains("the port is taken", error, StringComparison.Ordinal);
        Assert.Empty(listener.AllBound);
    }

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Loopbacks))]
    public async Task Connector_LocalhostWherePeerListensOnOneFamily_ReachesIt(string address)
    {
        using var peer = Bound(address);
        peer.Listen();
        using var channel = new PeerConnector().Open($"localhost:{((IPEndPoint)peer.LocalEndPoint!).Port}", PeerConnector.DopplerName);
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(RawMethods.Send, null, default, MessageBuffer.Rent(0));
        using var accepted = await peer.AcceptAsync(TestContext.Current.CancellationToken);
        Assert.True(accepted.Connected);
    }

    private static Socket Bound(string address)
    {
        var ip = IPAddress.Parse(address);
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(ip, 0));
        return socket;
    }

    private static bool Exists(string address)
    {
        try
        {
            Bound(address).Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
