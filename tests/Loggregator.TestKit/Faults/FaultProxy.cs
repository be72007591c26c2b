using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Loggregator.TestKit.Faults;

/// <summary>
/// A TCP relay on loopback that a test breaks on purpose: it cuts, stalls (a silent partition: bytes neither pass nor fail) and slows.
/// Random choices come from the seed, so that a failing run can be repeated.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Relay, byte> _relays = new();
    private readonly Random _random;
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _stall;
    private volatile bool _refusing;
    private volatile int _chunk = 64 * 1024;
    private volatile int _targetPort;
    private int _accepted;

    /// <summary>Starts to relay from a free port to <paramref name="targetPort"/> on loopback.</summary>
    public FaultProxy(int targetPort, int seed)
    {
        _targetPort = targetPort;
        _random = new Random(seed);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port to dial instead of the target's.</summary>
    public int Port { get; }

    /// <summary>Address to dial, <c>127.0.0.1:port</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Resets every connection; new ones are taken unless <paramref name="refuse"/>.</summary>
    public void Cut(bool refuse = false)
    {
        _refusing = refuse;
        foreach (var relay in _relays.Keys)
        {
            relay.Reset();
        }
    }

    /// <summary>Where new connections go from now on: the target was started again on another port.</summary>
    public void Retarget(int port) => _targetPort = port;

    /// <summary>Takes connections again after <c>Cut(refuse: true)</c>.</summary>
    public void Restore() => _refusing = false;

    /// <summary>From now on no byte passes in either direction, and nothing is closed: a silent partition.</summary>
    public void Stall() => _stall ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets what was held back, and everything after it, pass.</summary>
    public void Resume() => Interlocked.Exchange(ref _stall, null)?.SetResult();

    /// <summary>Relays pieces of a random size up to <paramref name="bytes"/>, so that messages arrive torn.</summary>
    public void Tear(int bytes) => _chunk = bytes;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Cut();
        Resume();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Increment(ref _accepted);
            if (_refusing)
            {
                Relay.Reset(client);
                continue;
            }

            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        using var relay = new Relay(client, server);
        _relays.TryAdd(relay, 0);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _targetPort, _stopping.Token);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The target is down, or the test ends: the client sees a reset.
        }

        _relays.TryRemove(relay, out _);
        relay.Reset();
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(buffer.AsMemory(0, NextChunk()), _stopping.Token);
                if (_stall is { } stall)
                {
                    await stall.Task;
                }

                if (read == 0)
                {
                    return;
                }

                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stopping.Token);
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone: the relay ends.
        }
    }

    private int NextChunk()
    {
        var limit = _chunk;
        if (limit >= 64 * 1024)
        {
            return 64 * 1024;
        }

        lock (_random)
        {
            return _random.Next(1, limit + 1);
        }
    }

    private sealed class Relay(Socket client, Socket server) : IDisposable
    {
        public static void Reset(Socket socket)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Closed already.
            }
        }

        public void Reset()
        {
            Reset(client);
            Reset(server);
        }

        public void Dispose() => Reset();
    }
}
