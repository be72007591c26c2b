using System.Net.Security;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>
/// Syslog over one TCP or TLS connection. A batch is delivered when its connection has stayed whole for a while after the write: what a
/// receiver that is stopped or killed had not read by then is sent again over the next connection. Batches follow each other meanwhile.
/// </summary>
internal sealed class SyslogStreamSink : ISink
{
    private readonly SyslogOptions _options;
    private readonly TimeProvider _time;
    private readonly (SslClientAuthenticationOptions, Func<string?>)? _tls;
    private readonly RenderedMessages _messages;
    private readonly MessageBuffer _frames = MessageBuffer.Rent(256 * 1024);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ResumePoint _resume = new();
    private SyslogConnection? _connection;
    private int _unconfirmed; // batches written to it that are neither confirmed nor failed

    /// <summary>A sink that dials with its first batch.</summary>
    /// <exception cref="SinkException">The TLS files cannot be used.</exception>
    public SyslogStreamSink(SyslogOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _messages = new RenderedMessages(options.Format);
        _tls = options.Tls?.Load(time);
    }

    public SinkLimits Limits { get; } = new(256 * 1024, 2_000, MaxInFlight: 64);

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        SyslogConnection connection;
        await _writing.WaitAsync(cancel);
        try
        {
            if (!_resume.Admits(batch))
            {
                return SinkAnswer.Retry("an earlier batch must go first");
            }

            connection = await WriteAsync(batch, cancel);
        }
        catch (IOException e)
        {
            _resume.Failed(batch);
            return SinkAnswer.Retry(e.Message);
        }
        finally
        {
            _writing.Release();
        }

        try
        {
            if (batch.Pending > 0)
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, connection.Broken);
                await Task.Delay(_options.Confirm, _time, either.Token);
            }

            return batch.Pending == 0 || connection.IsWhole ? SinkAnswer.Settled : Failed(batch, connection);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed(batch, connection);
        }
        finally
        {
            Interlocked.Decrement(ref _unconfirmed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        _messages.Dispose();
        _frames.Dispose();
        _writing.Dispose();
    }

    private SinkAnswer Failed(RecordBatch batch, SyslogConnection connection)
    {
        _resume.Failed(batch);
        return SinkAnswer.Retry(connection.Reason);
    }

    private async Task<SyslogConnection> WriteAsync(RecordBatch batch, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        var what = "connect";
        try
        {
            if (_connection is { Broken.IsCancellationRequested: true })
            {
                if (Volatile.Read(ref _unconfirmed) > 0)
                {
                    throw new IOException(_connection.Reason); // what went before on it has failed too, or is about to know it, and must go first
                }

                await _connection.DisposeAsync();
                _connection = null;
            }

            _connection ??= await SyslogConnection.OpenAsync(_options.Target, _tls, either.Token);
            what = "write a batch";
            _messages.Render(batch);
            SyslogFrames.Write(_frames, _messages, _options.Framing);
            await _connection.WriteAsync(_frames.Memory, either.Token);
            Interlocked.Increment(ref _unconfirmed);
            return _connection;
        }
        catch (OperationCanceledException)
        {
            // A frame may be cut off in the middle: this connection cannot go on.
            var cut = _connection;
            _connection = null;
            if (cut is not null)
            {
                await cut.AbortAsync($"it took longer than {_options.Timeout.TotalSeconds:0.#} s to {what}");
            }

            cancel.ThrowIfCancellationRequested();
            throw new IOException($"it took longer than {_options.Timeout.TotalSeconds:0.#} s to {what}");
        }
    }
}
