using System.Net.Sockets;
using Loggregator.Client.Connect;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>
/// Syslog over UDP, a datagram each. That it was sent is all that is known: delivered means here that the kernel took it. An ICMP refusal that
/// comes back makes the rest of the batch wait.
/// </summary>
internal sealed class SyslogDatagramSink(SyslogOptions options, TimeProvider time) : ISink
{
    private readonly RenderedMessages _messages = new(options.Format);
    private Socket? _socket;

    public SinkLimits Limits { get; } = new(64 * 1024, 200);

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        _messages.Render(batch);
        var record = -1;
        try
        {
            _socket ??= await ConnectAsync(either.Token);
            for (var i = 0; i < _messages.Count; i++)
            {
                if (record >= 0 && _messages.RecordOf(i) != record)
                {
                    batch.Deliver(record);
                }

                record = _messages.RecordOf(i);
                if (_messages[i].Length > options.MaxDatagram)
                {
                    batch.Refuse(record, LossReason.TooLarge, $"its message of {_messages[i].Length} bytes is longer than a datagram may be ({options.MaxDatagram})");
                    continue;
                }

                await _socket.SendAsync(_messages[i], SocketFlags.None, either.Token);
            }

            return SinkAnswer.Settled;
        }
        catch (SocketException e)
        {
            _socket?.Dispose();
            _socket = null;
            return SinkAnswer.Retry(PeerFailure.Text(e));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return SinkAnswer.Retry($"it took longer than {options.Timeout.TotalSeconds:0.#} s to send a batch");
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket?.Dispose();
        _messages.Dispose();
        return ValueTask.CompletedTask;
    }

    // Connected, so that the kernel reports refusals.
    private async Task<Socket> ConnectAsync(CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
        try
        {
            await socket.ConnectAsync(options.Target.IsLocalhost ? "127.0.0.1" : options.Target.Host, options.Target.Port, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
