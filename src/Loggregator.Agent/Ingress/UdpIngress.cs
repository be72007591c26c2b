using System.Net;
using System.Net.Sockets;
using Loggregator.Client.Connect;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.Agent.Ingress;

/// <summary>
/// (1) Dropsonde v1: one datagram, one envelope. A thread of its own reads with blocking calls, which cost a quarter of asynchronous ones, and
/// does nothing else; another one turns what there is into envelopes. At the stop what the kernel holds is still read. What it dropped because
/// its buffer was full is counted and told like any other loss.
/// </summary>
internal sealed class UdpIngress : IHostedService, IDisposable
{
    private const int MaxDatagram = 65_535;
    private const int LookEvery = 4096; // datagrams, while none is waited for
    private const int Tick = 1000; // milliseconds; also how often the kernel's losses are looked at
    private const int QueueBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(1); // under load; a lone datagram does not wait
    private static readonly TimeSpan LastRead = TimeSpan.FromSeconds(1);
    private readonly DropsondeIntake _intake;
    private readonly AgentOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly DatagramQueue _queue = new(QueueBytes);
    private readonly Thread? _reader;
    private readonly Thread? _converter;
    private readonly Socket? _socket;
    private readonly KernelDrops? _drops;
    private volatile bool _stopping;

    /// <summary>An ingress that reads from its socket, which is bound here unless the host has done so already.</summary>
    public UdpIngress(AgentOptions options, DropsondeIntake intake, TimeProvider time, ILogger<UdpIngress> log, Socket? bound)
    {
        (_options, _intake, _time, _log) = (options, intake, time, log);
        if (options.UdpListen.Length == 0)
        {
            return;
        }

        _socket = bound ?? Bind(options.UdpListen);
        _socket.ReceiveBufferSize = options.UdpReceiveBufferBytes; // the kernel has the last word
        _socket.ReceiveTimeout = Tick;
        _drops = new KernelDrops(_socket);
        _reader = new Thread(Read) { Name = "dropsonde reader", IsBackground = true };
        _converter = new Thread(Convert) { Name = "dropsonde converter", IsBackground = true };
    }

    /// <summary>Where it listens; null if it does not.</summary>
    public IPEndPoint? EndPoint => (IPEndPoint?)_socket?.LocalEndPoint;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_reader is not null)
        {
            var granted = _socket!.ReceiveBufferSize / (OperatingSystem.IsLinux() ? 2 : 1); // Linux tells twice what it grants
            Log.UdpListens(_log, EndPoint!, granted);
            if (granted < _options.UdpReceiveBufferBytes)
            {
                Log.UdpBufferIsSmall(_log, _options.UdpReceiveBufferBytes, granted);
            }

            _converter!.Start();
            _reader.Start();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        if (_reader is not { IsAlive: true })
        {
            return Task.CompletedTask;
        }

        Wake();
        return Task.Run(_converter!.Join, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        _socket?.Dispose();
        if (_reader is not { IsAlive: true } && _converter is not { IsAlive: true })
        {
            _queue.Dispose();
        }
    }

    private static Socket Bind(string address)
    {
        var parsed = HostAndPort.TryParse(address, out var found) ? found : throw new ArgumentException($"'{address}' is no address.", nameof(address));
        var ip = parsed.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(parsed.Host);
        var socket = new Socket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(ip, parsed.Port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Read()
    {
        var buffer = new byte[MaxDatagram];
        try
        {
            for (var read = 0; !_stopping; read++)
            {
                var length = _socket!.Receive(buffer, SocketFlags.None, out var error);
                if (_stopping && (error != SocketError.Success || length == 0))
                {
                    break; // the wake-up, or the socket is gone
                }

                if (error == SocketError.Success)
                {
                    _queue.Add(buffer.AsSpan(0, length));
                }
                else if (error is not (SocketError.TimedOut or SocketError.WouldBlock or SocketError.Interrupted))
                {
                    Log.UdpReadFailed(_log, error);
                    Thread.Sleep(Tick); // an error that lasts must not spin
                }

                if (error != SocketError.Success || read % LookEvery == 0)
                {
                    _intake.CountLost(_drops!.Take());
                }
            }

            ReadOut(buffer);
        }
        catch (ObjectDisposedException)
        {
            // Disposed without a stop.
        }

        _queue.Complete();
    }

    // What came before the stop is read: until nothing is left, or for so long that producers are still sending.
    private void ReadOut(byte[] buffer)
    {
        var since = _time.GetTimestamp();
        _socket!.Blocking = false;
        while (_time.GetElapsedTime(since) < LastRead)
        {
            var length = _socket.Receive(buffer, SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                break;
            }

            if (length > 0)
            {
                _queue.Add(buffer.AsSpan(0, length));
            }
        }

        _intake.CountLost(_drops!.Take());
    }

    private void Convert()
    {
        for (var before = 0L; _queue.TakeAll() is { } datagrams;)
        {
            if (_time.GetElapsedTime(before) < Gather && !_stopping)
            {
                Thread.Sleep(Gather); // the next ones come together
            }

            _intake.Accept(datagrams.Span);
            before = _time.GetTimestamp();
        }
    }

    private void Wake()
    {
        try
        {
            var own = EndPoint!;
            var any = own.Address.Equals(IPAddress.Any) || own.Address.Equals(IPAddress.IPv6Any);
            using var socket = new Socket(own.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.SendTo([], any ? new IPEndPoint(own.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, own.Port) : own);
        }
        catch (SocketException)
        {
            // Then it ends at its next tick.
        }
    }
}
