using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Loggregator.Client.Connect;

/// <summary>An address as users write it: <c>10.0.0.4:8082</c>, <c>[::1]:8082</c> or <c>doppler.internal:8082</c>.</summary>
/// <param name="Host">An IP address without brackets, or a name.</param>
/// <param name="Port">0 to 65535.</param>
internal readonly record struct HostAndPort(string Host, int Port)
{
    /// <summary>Whether the host is an IP address of this machine's loopback, or the name <c>localhost</c>.</summary>
    public bool IsLoopback => IsLocalhost || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Whether the host is the name <c>localhost</c>, which stands for 127.0.0.1 and ::1 alike.</summary>
    public bool IsLocalhost => string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads an address; false when the port is missing or out of range.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out HostAndPort result)
    {
        result = default;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535)
        {
            return false;
        }

        var host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':', StringComparison.Ordinal))
        {
            return false; // an IPv6 address without brackets: where it ends and the port begins is a guess
        }

        result = new HostAndPort(host, port);
        return host.Length > 0;
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is not <c>host:port</c>.</exception>
    public static HostAndPort Parse(string text) =>
        TryParse(text, out var result) ? result : throw new FormatException($"'{text}' is not an address of the form host:port.");

    /// <summary>Connects by TCP, to whichever of the host's addresses takes it; of localhost that is both families, whatever the system's tables say.</summary>
    /// <exception cref="SocketException">None takes it, or the name has no address.</exception>
    public async ValueTask<Socket> ConnectAsync(CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (IsLocalhost)
            {
                await socket.ConnectAsync([IPAddress.Loopback, IPAddress.IPv6Loopback], Port, cancel).ConfigureAwait(false);
            }
            else
            {
                await socket.ConnectAsync(Host, Port, cancel).ConfigureAwait(false);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
