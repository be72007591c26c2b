using System.Collections.Concurrent;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams;

/// <summary>All clients' streams: one clock for their heartbeats, deadlines and stalls, and their common end.</summary>
internal sealed class OpenStreams : IDisposable
{
    private readonly ConcurrentDictionary<OpenStream, bool> _streams = new();
    private readonly TrafficControllerOptions _options;
    private readonly TrafficControllerCounters _counters;
    private readonly DopplerSet _dopplers;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ITimer _clock;
    private readonly SlowPolicy _drop;
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _draining;

    public OpenStreams(
        IOptions<TrafficControllerOptions> options, TrafficControllerCounters counters, DopplerSet dopplers, TimeProvider time, ILoggerFactory logs)
    {
        _options = options.Value;
        _counters = counters;
        _dopplers = dopplers;
        _time = time;
        _log = logs.CreateLogger("Loggregator.TrafficController");
        _drop = SlowPolicy.Drop(_options.WriteTimeout);
        var tick = TimeSpan.FromSeconds(1);
        _clock = time.CreateTimer(_ => Tick(), null, tick, tick);
    }

    /// <summary>Set once the role stops; new streams are refused and open ones end.</summary>
    public bool Draining => _draining;

    /// <summary>Cancelled right after <see cref="Draining"/> is set.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public int Count => _streams.Count;

    /// <summary>Adds a stream for as long as it is not disposed.</summary>
    /// <param name="envelopes">What it reads.</param>
    /// <param name="protocol">By what.</param>
    /// <param name="peer">Who, for the log.</param>
    /// <param name="abort">Ends the connection.</param>
    /// <param name="slow">What becomes of it when it does not read; null: it may miss things, and is cut off after the write timeout.</param>
    public OpenStream Add(EnvelopeStream envelopes, StreamProtocol protocol, string peer, Action abort, SlowPolicy? slow = null)
    {
        var stream = new OpenStream(this, envelopes, protocol, slow ?? _drop, _time, abort, peer);
        _streams[stream] = true;
        Interlocked.Increment(ref Open(protocol));
        if (_draining)
        {
            envelopes.Wake();
        }

        return stream;
    }

    public void Remove(OpenStream stream)
    {
        if (_streams.TryRemove(stream, out _))
        {
            Interlocked.Decrement(ref Open(stream.Protocol));
            if (_draining && _streams.IsEmpty)
            {
                _empty.TrySetResult();
            }
        }
    }

    /// <summary>Lets every stream write what it holds and end; those that do not within the deadline are cut off.</summary>
    public async Task DrainAsync(CancellationToken hurry)
    {
        BeginDrain();
        if (_streams.IsEmpty)
        {
            return;
        }

        await _empty.Task.WaitAsync(_options.DrainDeadline, _time, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_streams.IsEmpty)
        {
            Log.DrainTimedOut(_log, _streams.Count);
            foreach (var stream in _streams.Keys)
            {
                stream.Abort();
            }
        }
    }

    /// <summary>Tells every stream to end; returns at once.</summary>
    public void BeginDrain()
    {
        if (_draining)
        {
            return;
        }

        _dopplers.Stopping = true;
        _draining = true;
        if (!_streams.IsEmpty)
        {
            Log.Draining(_log, _streams.Count, _options.DrainDeadline.TotalSeconds);
        }

        foreach (var stream in _streams.Keys)
        {
            stream.Envelopes.Wake();
        }

        _stopping.Cancel();
    }

    public void Dispose()
    {
        _clock.Dispose();
        _stopping.Dispose();
    }

    private void Tick()
    {
        var now = _time.GetTimestamp();
        foreach (var stream in _streams.Keys)
        {
            if (stream.Tick(now))
            {
                if (!stream.Slow)
                {
                    Interlocked.Increment(ref _counters.StalledStreams);
                    Log.ClientStalled(_log, stream.Peer, (int)_options.WriteTimeout.TotalSeconds);
                }

                stream.Abort();
            }
        }
    }

    private ref long Open(StreamProtocol protocol)
    {
        switch (protocol)
        {
            case StreamProtocol.Grpc:
                return ref _counters.GrpcStreams;
            case StreamProtocol.Attach:
                return ref _counters.AttachSubscriptions;
            case StreamProtocol.Sse:
                return ref _counters.SseStreams;
            default:
                return ref _counters.WebSocketStreams;
        }
    }
}
