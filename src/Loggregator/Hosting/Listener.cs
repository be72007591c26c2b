using System.Net;
using System.Net.Sockets;
using Loggregator.Client.Connect;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Loggregator.Hosting;

/// <summary>
/// One port of a role. It is bound before any role starts, so that a taken port is told before anything runs and a port 0 is known to all.
/// </summary>
internal sealed class Listener(string key, HostAndPort address, ListenerKind kind, ListenerSecurity security) : IDisposable
{
    private Socket? _socket;

    /// <summary>The configuration key that sets the address.</summary>
    public string Key => key;

    /// <summary>The address as configured.</summary>
    public HostAndPort Address => address;

    /// <summary>What it speaks.</summary>
    public ListenerKind Kind => kind;

    /// <summary>Who gets through.</summary>
    public ListenerSecurity Security => security;

    /// <summary>Our certificate and the CA, asked at each handshake; null on plaintext listeners.</summary>
    public Func<ValueTask<PeerCredentials>>? Credentials { get; init; }

    /// <summary>The bound address, with the port that was picked for 0.</summary>
    public IPEndPoint Bound => (IPEndPoint)(_socket?.LocalEndPoint ?? throw new InvalidOperationException("The listener is not bound."));

    /// <summary>Where a client on this host reaches it.</summary>
    public string Reachable
    {
        get
        {
            var any = Bound.Address.Equals(IPAddress.Any) || Bound.Address.Equals(IPAddress.IPv6Any);
            return any ? $"127.0.0.1:{Bound.Port}" : new HostAndPort(Bound.Address.ToString(), Bound.Port).ToString();
        }
    }

    /// <summary>Binds the port; false, with the reason and the cure, when it cannot be had.</summary>
    public bool TryBind(out string error)
    {
        error = "";
        if (!TryResolve(address, out var endPoint))
        {
            error = $"{key}: '{address.Host}' is not an IP address of this machine. Use an address such as 127.0.0.1 or 0.0.0.0.";
            return false;
        }

        try
        {
            _socket = kind == ListenerKind.Udp ? BindUdp(endPoint) : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            return true;
        }
        catch (Exception e) when (e is SocketException or AddressInUseException)
        {
            error = $"{key}: cannot listen on {address} ({Reason(e)}). Stop what uses it, or set another port; 0 picks a free one.";
            return false;
        }
    }

    /// <summary>Hands the socket to the server, or to the role that reads datagrams, which disposes it.</summary>
    public Socket Take() => _socket ?? throw new InvalidOperationException("The listener is not bound.");

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    /// <summary>The IP address that is meant: only addresses and <c>localhost</c>, as a name may change under a listener.</summary>
    public static bool TryResolve(HostAndPort address, out IPEndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.Loopback, address.Port);
        if (address.Host == "localhost")
        {
            return true;
        }

        if (!IPAddress.TryParse(address.Host, out var ip))
        {
            return false;
        }

        endPoint = new IPEndPoint(ip, address.Port);
        return true;
    }

    private static Socket BindUdp(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Reason(Exception e) => e switch
    {
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } or AddressInUseException => "the port is taken",
        SocketException { SocketErrorCode: SocketError.AccessDenied } => "this user may not open that port",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "this machine does not have that address",
        _ => e.Message,
    };
}
