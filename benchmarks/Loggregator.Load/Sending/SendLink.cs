using Grpc.Core;
using Loggregator.Load.Wire;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Load.Sending;

/// <summary>
/// One connection that sends by a schedule of its own, whatever the others and the receiver do: a message that goes out late still carries the
/// time at which it was due. One loop runs it; the counts may be read from anywhere.
/// </summary>
internal sealed class SendLink(int index, LoadOptions options, EnvelopeMix mix, CallInvoker invoker, Pacer pacer)
{
    private readonly int _batch = options.Single ? 1 : options.Batch;
    private readonly SourceCycle _cycle = new(options.Sources, options.Skew, seed: index);
    private readonly AsyncSignal _due = new();
    private AsyncClientStreamingCall<MessageBuffer, MessageBuffer>? _call;
    private readonly ulong[] _gauges = new ulong[options.Sources];
    private long _sent, _breaks, _lag, _owed;

    /// <summary>Logs made, by source: the last sequence number of each.</summary>
    public ulong[] BySource { get; } = new ulong[options.Sources];

    /// <summary>Gauges made; read when it has ended.</summary>
    public long Gauges => _gauges.Sum(count => (long)count);

    /// <summary>Envelopes whose write has completed.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>How often the stream broke. What was on its way then may have arrived or not.</summary>
    public long Breaks => Volatile.Read(ref _breaks);

    /// <summary>What the last break said.</summary>
    public string LastError { get; private set; } = "";

    /// <summary>The furthest that the link was behind its schedule, nanoseconds.</summary>
    public long Lag => Volatile.Read(ref _lag);

    /// <summary>Envelopes that were due and could not be written before the end.</summary>
    public long Owed => Volatile.Read(ref _owed);

    /// <summary>Sends one envelope of every source that is counted nowhere, to find out whether readers are there.</summary>
    public async Task ProbeAsync(CancellationToken cancel)
    {
        using var message = MessageBuffer.Rent(mix.Logs.EnvelopeLength * _batch);
        for (var source = 0; source < options.Sources && !cancel.IsCancellationRequested;)
        {
            var now = Clock.Now;
            message.Clear();
            for (var i = 0; i < _batch; i++, source++)
            {
                mix.Logs.Append(message, options.Single, new Trace(mix.Run, source % options.Sources, index, 0, now));
            }

            await WriteAsync(message, cancel);
        }
    }

    /// <summary>Sends from <paramref name="start"/> until <paramref name="end"/>, UNIX nanoseconds.</summary>
    public async Task RunAsync(long start, long end, CancellationToken cancel)
    {
        using var message = MessageBuffer.Rent(mix.Logs.EnvelopeLength * _batch);
        var interval = options.Rate > 0 ? _batch * 1e9 * options.Connections / options.Rate : 0;
        var phase = new Random(index).NextDouble() * interval;
        for (long n = 0; !cancel.IsCancellationRequested; n++)
        {
            var now = Clock.Now;
            var due = interval > 0 ? start + (long)(phase + (n * interval)) : now;
            if (due >= end || now >= end)
            {
                _owed = interval > 0 && due < end ? (long)((end - due) / interval) * _batch : 0;
                break;
            }

            if (due > now)
            {
                await pacer.WaitAsync(_due, due);
            }

            message.Clear();
            for (var i = 0; i < _batch; i++)
            {
                Append(message, _cycle.Next(), due);
            }

            await WriteAsync(message, cancel);
            _sent += _batch;
            _lag = Math.Max(_lag, Clock.Now - due);
        }
    }

    /// <summary>Half-closes, so that everything written is on the wire, and waits a while for the answer, which original tiers do not give.</summary>
    public async Task CompleteAsync()
    {
        if (_call is null)
        {
            return;
        }

        try
        {
            await _call.RequestStream.CompleteAsync();
            (await _call.ResponseAsync.WaitAsync(TimeSpan.FromSeconds(2))).Dispose();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or TimeoutException)
        {
            // Original tiers answer a half-close with an error.
        }

        _call.Dispose();
        _call = null;
    }

    private void Append(MessageBuffer message, int source, long due)
    {
        var isGauge = mix.IsGauge(source, BySource[source] + _gauges[source]);
        var n = isGauge ? ++_gauges[source] : ++BySource[source];
        (isGauge ? mix.Gauges : mix.Logs).Append(message, options.Single, new Trace(mix.Run, source, index, n, due));
    }

    private async Task WriteAsync(MessageBuffer message, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                _call ??= invoker.AsyncClientStreamingCall(options.Single ? RawMethods.Sender : RawMethods.BatchSender, null, default);
                await _call.RequestStream.WriteAsync(message, CancellationToken.None);
                return;
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or IOException)
            {
                _breaks++;
                LastError = e.Message;
                _call?.Dispose();
                _call = null;
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }
}
