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
    private const int Attempts = 10;
    private readonly List<Socket> _sockets = [];

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

    /// <summary>Takes every request in place of the role's endpoints; null: these answer.</summary>
    public Func<IServiceProvider, RequestDelegate>? Serve { get; init; }

    /// <summary>The bound addresses, with the port that was picked for 0: one, or for <c>localhost</c> those of both families that there are.</summary>
    public IReadOnlyList<IPEndPoint> AllBound => [.. _sockets.Select(socket => (IPEndPoint)socket.LocalEndPoint!)];

    /// <summary>The first bound address.</summary>
    public IPEndPoint Bound => (IPEndPoint)(_sockets.FirstOrDefault()?.LocalEndPoint ?? throw new InvalidOperationException("The listener is not bound."));

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
        if (!TryResolve(address, out var addresses))
        {
            error = $"{key}: '{address.Host}' is not an IP address of this machine. Use an address such as 127.0.0.1 or 0.0.0.0.";
            return false;
        }

        var attempts = address.Port == 0 ? Attempts : 1; // the port that one family picks may be taken in the other
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Bind(addresses);
                return true;
            }
            catch (Exception e) when (e is SocketException or AddressInUseException)
            {
                Dispose();
                if (attempt == attempts)
                {
                    error = $"{key}: cannot listen on {address} ({Reason(e)}). Stop what uses it, or set another port; 0 picks a free one.";
                    return false;
                }
            }
        }
    }

    /// <summary>Hands the socket of an address to the server, or to the role that reads datagrams, which disposes it.</summary>
    public Socket Take(IPEndPoint bound) => _sockets.First(socket => bound.Equals(socket.LocalEndPoint));

    /// <inheritdoc/>
    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _sockets.Clear();
    }

    /// <summary>The IP addresses that are meant: only addresses and <c>localhost</c>, as a name may change under a listener.</summary>
    private static bool TryResolve(HostAndPort address, out IPAddress[] addresses)
    {
        addresses = address.IsLocalhost ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : IPAddress.TryParse(address.Host, out var ip) ? [ip] : [];
        return addresses.Length > 0;
    }

    private void Bind(IPAddress[] addresses)
    {
        Exception? missing = null;
        foreach (var ip in addresses)
        {
            try
            {
                var port = _sockets.Count > 0 ? Bound.Port : address.Port;
                var endPoint = new IPEndPoint(ip, port);
                _sockets.Add(kind == ListenerKind.Udp ? BindUdp(endPoint) : SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint));
                if (kind == ListenerKind.Udp)
                {
                    return; // one reader, one family
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
            {
                missing = e; // a machine without one of the families is as good as one with both
            }
        }

        if (_sockets.Count == 0)
        {
            throw missing!;
        }
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
