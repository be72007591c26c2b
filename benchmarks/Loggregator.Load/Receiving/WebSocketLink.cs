using System.Buffers;
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Loggregator.Load.Receiving;

/// <summary>
/// A WebSocket as a client, reduced to what a reader needs: takes messages, answers pings. Deliberately not the codec of the product. A
/// connection on which nothing comes holds no buffer. One user.
/// </summary>
internal sealed class WebSocketLink : IDisposable
{
    private const int BufferBytes = 16 * 1024;
    private readonly Socket _socket;
    private readonly Stream _stream;
    private byte[] _buffer = [];
    private int _start, _end;

    private WebSocketLink(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    /// <summary>Connects, with TLS for <c>wss</c>.</summary>
    /// <exception cref="IOException">The answer is not 101.</exception>
    public static async Task<WebSocketLink> OpenAsync(Uri address, SslClientAuthenticationOptions tls, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancel);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (address.Scheme == "wss")
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsClientAsync(tls, cancel);
                stream = secure;
            }

            var link = new WebSocketLink(socket, stream);
            await link.UpgradeAsync(address, cancel);
            return link;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Reads until the connection ends, and hands over each message's content; says how it ended.</summary>
    public async Task<string> ReadAsync(Action<ReadOnlySpan<byte>> take, CancellationToken cancel)
    {
        while (true)
        {
            while (TryTakeFrame(out var opcode, out var payload))
            {
                switch (opcode)
                {
                    case 8:
                        return payload.Length < 2
                            ? "closed"
                            : $"closed: {BinaryPrimitives.ReadUInt16BigEndian(payload.Span)} {Encoding.UTF8.GetString(payload.Span[2..])}";
                    case 9:
                        await PongAsync(payload, cancel);
                        break;
                    default:
                        take(payload.Span);
                        break;
                }
            }

            if (!await FillAsync(cancel))
            {
                return "the connection ended";
            }
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
        GiveBack();
    }

    private async Task UpgradeAsync(Uri address, CancellationToken cancel)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        await _stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"),
            cancel);
        int at;
        while ((at = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync(cancel))
            {
                throw new IOException("The server ended the connection during the handshake.");
            }
        }

        var head = Encoding.ASCII.GetString(_buffer, _start, at);
        _start += at + 4;
        if (!head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
        {
            throw new IOException($"The server answered {head.Split('\r')[0]}.");
        }
    }

    private bool TryTakeFrame(out int opcode, out ReadOnlyMemory<byte> payload)
    {
        opcode = 0;
        payload = default;
        var bytes = _buffer.AsSpan(_start, _end - _start);
        if (bytes.Length < 2)
        {
            return false;
        }

        var header = bytes[1] switch { 126 => 4, 127 => 10, _ => 2 };
        if (bytes.Length < header)
        {
            return false;
        }

        var length = header switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            10 => checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..])),
            _ => bytes[1],
        };
        if (bytes.Length < header + length)
        {
            return false;
        }

        opcode = bytes[0] & 15;
        payload = _buffer.AsMemory(_start + header, length);
        _start += header + length;
        return true;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        if (_start == _end)
        {
            GiveBack();
            _ = await _stream.ReadAsync(Memory<byte>.Empty, cancel); // until there is something
            _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancel);
        _end += read;
        return read > 0;
    }

    // The mask is zero: what a client masks with is its own affair.
    private async Task PongAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel) =>
        await _stream.WriteAsync((byte[])[0x8A, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload.Span], cancel);

    private void GiveBack()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = [];
        _start = _end = 0;
    }
}
