using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Loggregator.Load.Accounting;

namespace Loggregator.Load.Receiving;

/// <summary>Reads dropsonde envelopes, one a message, from a v1 stream over WebSocket.</summary>
internal sealed class WebSocketReader(Uri address, Func<SslClientAuthenticationOptions> tls, Tally tally) : IReader
{
    private long _breaks;

    public long Breaks => Volatile.Read(ref _breaks);

    public string LastError { get; private set; } = "";

    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                using var link = await WebSocketLink.OpenAsync(address, tls(), cancel);
                LastError = await link.ReadAsync(tally.TakeV1, cancel);
            }
            catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException)
            {
                LastError = e.Message;
            }

            if (!cancel.IsCancellationRequested)
            {
                _breaks++;
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }
}
