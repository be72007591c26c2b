using Loggregator.Pipeline.Flow;

namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// What one sink has counted since its start; its loop writes, any thread may read. At rest, in records:
/// <c>Taken = Delivered + DeadLettered + Lost(every reason)</c>.
/// </summary>
internal sealed class SinkCounters
{
    /// <summary>Records taken from the source.</summary>
    public long Taken;

    /// <summary>Records that the receiver has.</summary>
    public long Delivered;

    /// <summary>Bytes of the envelopes of these.</summary>
    public long DeliveredBytes;

    /// <summary>Batches of which nothing is pending any more.</summary>
    public long Batches;

    /// <summary>Times that batches were handed over again.</summary>
    public long Retries;

    /// <summary>Refused records that were put into the dead-letter file.</summary>
    public long DeadLettered;

    /// <summary>Of these, and those of earlier runs, what had to make room for newer ones.</summary>
    public long DeadLettersGone;

    private readonly long[] _lost = new long[LossReasonText.Count];
    private readonly IRecordSource _source;
    private readonly TimeProvider _time;
    private long _inFlight;
    private long _lastTimestamp;
    private volatile SinkFailure? _lastFailure;
    private volatile SinkState _state;

    /// <summary>Counters of a sink that takes from <paramref name="source"/>.</summary>
    public SinkCounters(string sink, string endpoint, IRecordSource source, TimeProvider time)
    {
        Sink = sink;
        Endpoint = endpoint;
        _source = source;
        _time = time;
    }

    /// <summary>The sink's name in the configuration.</summary>
    public string Sink { get; }

    /// <summary>Where it delivers to, without secrets.</summary>
    public string Endpoint { get; }

    /// <summary>How it is doing.</summary>
    public SinkState State
    {
        get => _state;
        internal set => _state = value;
    }

    /// <summary>What waits at its source, what is in flight included.</summary>
    public Backlog Backlog => _source.Backlog;

    /// <summary>Records handed over and not yet settled.</summary>
    public long InFlight
    {
        get => Interlocked.Read(ref _inFlight);
        internal set => Interlocked.Exchange(ref _inFlight, value);
    }

    /// <summary>
    /// Seconds by which the sink is behind: the age of the oldest record that it has not delivered; 0 when it has them all. Never negative,
    /// whatever the producers' clocks say.
    /// </summary>
    public double LagSeconds => Backlog is { Records: > 0 } backlog ? SecondsSince(backlog.OldestTimestamp) : 0;

    /// <summary>How old the newest delivered record was when it was delivered, in seconds; 0 before the first.</summary>
    public double LastDelaySeconds { get; private set; }

    /// <summary>Timestamp of the newest delivered record, UNIX nanoseconds; 0 before the first.</summary>
    public long LastTimestamp => Interlocked.Read(ref _lastTimestamp);

    /// <summary>The last failure, without secrets; null when there was none.</summary>
    public SinkFailure? LastFailure => _lastFailure;

    /// <summary>Records lost for a reason: refused, with no place in the dead-letter file.</summary>
    public long Lost(LossReason reason) => Interlocked.Read(ref _lost[(int)reason]);

    internal void Lose(LossReason reason, long count) => Interlocked.Add(ref _lost[(int)reason], count);

    internal void Failed(string reason) => _lastFailure = new SinkFailure(reason, _time.GetUtcNow());

    internal void NoteDelivered(long timestamp)
    {
        LastDelaySeconds = SecondsSince(timestamp);
        Interlocked.Exchange(ref _lastTimestamp, timestamp);
    }

    private double SecondsSince(long timestamp) => Math.Max(0, (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - (timestamp / 1e9));
}
