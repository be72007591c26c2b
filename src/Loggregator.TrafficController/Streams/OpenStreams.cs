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
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _draining;

    public OpenStreams(
        IOptions<TrafficControllerOptions> options, TrafficControllerCounters counters, DopplerSet dopplers, TimeProvider time, ILoggerFactory logs)
    {
        _options = options.Value;
        _counters = counters;
        _dopplers = dopplers;
        _time = time;
        _log = logs.CreateLogger("Loggregator.TrafficController");
        var tick = TimeSpan.FromSeconds(1);
        _clock = time.CreateTimer(_ => Tick(), null, tick, tick);
    }

    /// <summary>Set once the role stops; new streams are refused and open ones end.</summary>
    public bool Draining => _draining;

    public int Count => _streams.Count;

    /// <summary>Adds a stream for as long as it is not disposed.</summary>
    public OpenStream Add(EnvelopeStream envelopes, bool sse, string peer, Action abort)
    {
        var stream = new OpenStream(this, envelopes, sse, _time, abort, peer);
        _streams[stream] = true;
        Interlocked.Increment(ref sse ? ref _counters.SseStreams : ref _counters.GrpcStreams);
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
            Interlocked.Decrement(ref stream.Sse ? ref _counters.SseStreams : ref _counters.GrpcStreams);
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
    }

    public void Dispose() => _clock.Dispose();

    private void Tick()
    {
        var now = _time.GetTimestamp();
        var patience = (long)(_options.WriteTimeout.TotalSeconds * _time.TimestampFrequency);
        foreach (var stream in _streams.Keys)
        {
            if (stream.Tick(now, patience))
            {
                Interlocked.Increment(ref _counters.StalledStreams);
                Log.ClientStalled(_log, stream.Peer, (int)_options.WriteTimeout.TotalSeconds);
                stream.Abort();
            }
        }
    }
}
