using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Loggregator.TestKit.WebSockets;

/// <summary>A client that sends whatever it is told and judges nothing; it answers no ping by itself. One caller at a time.</summary>
public sealed class RawWebSocket : IDisposable
{
    /// <summary>The key of the standard's sample.</summary>
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60); // only ends a broken test
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private RawWebSocket(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket);
    }

    /// <summary>The status line and headers of the answer.</summary>
    public string Head { get; private set; } = "";

    /// <summary>Connects and makes the handshake; with a small receive buffer the server soon notices when nothing is read.</summary>
    public static async Task<RawWebSocket> OpenAsync(int port, string path, CancellationToken cancel, int? receiveBuffer = null, params string[] headers)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
        var client = new RawWebSocket(socket);
        string[] usual =
        [
            $"Host: 127.0.0.1:{port}", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", $"Sec-WebSocket-Key: {Key}",
        ];
        var names = headers.Select(header => header[..header.IndexOf(':', StringComparison.Ordinal)]).ToHashSet();
        var kept = usual.Where(header => !names.Contains(header[..header.IndexOf(':', StringComparison.Ordinal)]));
        var request = string.Join("\r\n", [$"GET {path} HTTP/1.1", .. kept, .. headers, "", ""]);
        await client._stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancel);
        client.Head = await client.ReadHeadAsync(cancel);
        return client;
    }

    /// <summary>Sends frames in one piece.</summary>
    public Task SendAsync(CancellationToken cancel, params ClientFrame[] frames) => SendAsync((byte[])[.. frames.SelectMany(frame => frame.ToBytes())], cancel);

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(byte[] bytes, CancellationToken cancel) => await _stream.WriteAsync(bytes, cancel);

    /// <summary>The next frame; null at the end of the connection, however it ends.</summary>
    public async Task<(int Opcode, byte[] Payload)?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            var header = await ReadExactlyAsync(2, cancel);
            if ((header[0] & 0xF0) != 0x80 || (header[1] & 0x80) != 0)
            {
                throw new InvalidDataException($"The server sent a frame that begins with {header[0]:X2} {header[1]:X2}.");
            }

            var length = (header[1] & 0x7F) switch
            {
                126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadExactlyAsync(2, cancel)),
                127 => (int)BinaryPrimitives.ReadInt64BigEndian(await ReadExactlyAsync(8, cancel)),
                var small => small,
            };
            return (header[0] & 0x0F, await ReadExactlyAsync(length, cancel));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The next frame of this kind; others are passed over.</summary>
    public async Task<byte[]> ReadAsync(int opcode, CancellationToken cancel)
    {
        while (await ReadAsync(cancel) is var (kind, payload))
        {
            if (kind == opcode)
            {
                return payload;
            }
        }

        throw new EndOfStreamException($"The connection ended before a frame of opcode {opcode}.");
    }

    /// <summary>Code and reason of the server's close frame, and that nothing follows it.</summary>
    public async Task<(int Code, string Reason)> ReadCloseAsync(CancellationToken cancel)
    {
        var payload = await ReadAsync(ClientFrame.Close, cancel);
        if (payload.Length > 0)
        {
            try
            {
                await SendAsync(cancel, ClientFrame.CloseOf(BinaryPrimitives.ReadUInt16BigEndian(payload)));
            }
            catch (IOException)
            {
                // A server need not wait for the answer.
            }
        }

        if (await ReadAsync(cancel) is not null)
        {
            throw new InvalidDataException("There is a frame behind the close frame.");
        }

        return payload.Length == 0 ? (1005, "") : (BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload.AsSpan(2)));
    }

    /// <summary>Ends the connection as a client does that leaves without a word.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private async Task<string> ReadHeadAsync(CancellationToken cancel)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadExactlyAsync(1, cancel))[0]);
        }

        return head.ToString();
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancel)
    {
        var bytes = new byte[count];
        try
        {
            await _stream.ReadExactlyAsync(bytes, cancel).AsTask().WaitAsync(Limit, cancel);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The server sent nothing for {Limit.TotalSeconds} s; {count} bytes of a frame were awaited.");
        }

        return bytes;
    }
}
