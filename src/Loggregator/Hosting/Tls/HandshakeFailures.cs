using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Loggregator.Hosting.Tls;

/// <summary>Logs refused handshakes, each (address, reason) at most once in five minutes, so that a retrying or scanning peer fills no disk. Any thread.</summary>
internal sealed class HandshakeFailures(ILogger logger, TimeProvider time)
{
    private const int MaxRemembered = 1024;
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);
    private readonly Dictionary<(string, string), DateTimeOffset> _told = [];

    public void Tell(Listener listener, ConnectionContext connection, string reason)
    {
        var peer = (connection.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "?";
        var now = time.GetUtcNow();
        lock (_told)
        {
            if (_told.TryGetValue((peer, reason), out var last) && now - last < Silence)
            {
                return;
            }

            if (_told.Count >= MaxRemembered)
            {
                _told.Clear();
            }

            _told[(peer, reason)] = now;
        }

        Log.HandshakeRefused(logger, connection.RemoteEndPoint?.ToString() ?? peer, listener.Bound.ToString(), reason);
    }
}
