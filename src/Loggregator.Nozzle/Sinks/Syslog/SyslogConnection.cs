using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Loggregator.Client.Connect;

namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>
/// One connection of a stream. Syslog has no answers, so it is watched instead: whatever the receiver sends is thrown away, and that it closes
/// or resets is noticed at once, not at the next write.
/// </summary>
internal sealed class SyslogConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly CancellationTokenSource _broken = new();
    private readonly Task _watching;
    private volatile string? _reason;

    private SyslogConnection(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
        _watching = WatchAsync();
    }

    /// <summary>Cancelled as soon as the receiver has closed or reset it.</summary>
    public CancellationToken Broken => _broken.Token;

    /// <summary>Why it is broken, as a phrase.</summary>
    public string Reason => _reason ?? "the connection broke";

    /// <summary>
    /// Whether the kernel knows of no end or reset by now. The watch may not have run yet, if this process got no time: a delay that is over
    /// proves nothing then.
    /// </summary>
    public bool IsWhole
    {
        get
        {
            try
            {
                return !_broken.IsCancellationRequested && !(_socket.Poll(0, SelectMode.SelectRead) && _socket.Available == 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Dials, and shakes hands where there is TLS.</summary>
    /// <exception cref="IOException">It did not come about; the message is a phrase.</exception>
    public static async Task<SyslogConnection> OpenAsync(HostAndPort target, (SslClientAuthenticationOptions Options, Func<string?> Refusal)? tls, CancellationToken cancel)
    {
        Socket? socket = null;
        try
        {
            socket = await target.ConnectAsync(cancel);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is { } security)
            {
                var secured = new SslStream(stream);
                await secured.AuthenticateAsClientAsync(security.Options, cancel);
                stream = secured;
            }

            return new SyslogConnection(socket, stream);
        }
        catch (Exception e) when (e is SocketException or AuthenticationException or IOException)
        {
            socket?.Dispose();
            throw new IOException(e is AuthenticationException && tls?.Refusal() is { } refusal ? $"TLS failed: {refusal}" : PeerFailure.Text(e), e);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>Writes bytes.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            await _stream.WriteAsync(bytes, cancel);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            await BreakAsync(PeerFailure.Text(e));
            throw new IOException(Reason, e);
        }
    }

    /// <summary>Cuts it off: what the receiver has not read is lost to it, and it knows that by the reset.</summary>
    public async Task AbortAsync(string reason)
    {
        _socket.LingerState = new LingerOption(true, 0);
        await BreakAsync(reason);
        await DisposeAsync();
    }

    /// <summary>Closes in good order: what was written is sent, then the end.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_broken.IsCancellationRequested)
            {
                if (_stream is SslStream secured)
                {
                    await secured.ShutdownAsync();
                }

                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // It is gone already.
        }

        await _stream.DisposeAsync();
        await _watching;
        _broken.Dispose();
    }

    private async Task WatchAsync()
    {
        var ignored = new byte[256];
        try
        {
            while (await _stream.ReadAsync(ignored) > 0)
            {
                // Nothing that a syslog receiver says has a meaning.
            }

            await BreakAsync("it closed the connection");
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            await BreakAsync(PeerFailure.Text(e));
        }
    }

    private async Task BreakAsync(string reason)
    {
        _reason ??= reason;
        try
        {
            await _broken.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // Disposed meanwhile, and nobody asks any more.
        }
    }
}
