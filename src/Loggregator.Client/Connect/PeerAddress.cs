using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Loggregator.Client.Connect;

/// <summary>A peer as it is written in settings: <c>host:port</c>, where the host is a name, an IPv4 address or an IPv6 address in brackets.</summary>
/// <param name="Host">Without brackets.</param>
/// <param name="Port">1 to 65535.</param>
public sealed record PeerAddress(string Host, int Port)
{
    /// <summary>The address when <see cref="Host"/> is one, null when it is a name.</summary>
    public IPAddress? Literal { get; } = IPAddress.TryParse(Host, out var address) ? address : null;

    /// <summary>Reads <c>host:port</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PeerAddress? address)
    {
        address = null;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > 65535)
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
            return false; // an IPv6 address without brackets: where it ends is a guess
        }

        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return false;
        }

        address = new PeerAddress(host, port);
        return true;
    }

    /// <summary>What is dialled for one of the addresses of <see cref="Host"/>.</summary>
    public string Dial(IPAddress address) => new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, Port).ToString();

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
