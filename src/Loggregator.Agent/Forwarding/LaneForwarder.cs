using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Agent.Forwarding;

/// <summary>
/// Step 4 of the spine, for one lane: takes what the ring has and sends it to the Doppler that owns the lane. One loop, woken by the lane's
/// signal (data, answers, a broken stream, a changed owner, its timer), does whatever is due and sleeps again; it never waits for a peer
/// otherwise. Batches stay here, charged to the ring, until they are answered.
/// </summary>
internal sealed class LaneForwarder : IDisposable
{
    /// <summary>Heartbeats come every 500 ms; this many ticks without one and the Doppler is dead. Ticks and not a time span, so that a starved process does not bury a live peer.</summary>
    private const int SilentTicks = 6;

    private const int MaxEnvelopes = 1000, MaxUnanswered = 4096, MaxWindow = 4 * 1024 * 1024, MaxGapRecordBytes = 64 * 1024, MaxRecordStamps = 10_000;
    private const int MaxMessage = (1024 * 1024) - 256; // with the header it still fits a pooled array of 1 MiB
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250), TellWithin = TimeSpan.FromSeconds(1), WriteLimit = TimeSpan.FromSeconds(5);

    // At the start: so long the lane waits for all Dopplers to be heard of, lest it goes to the first that answers and moves at once.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(200);
    private readonly int _lane;
    private readonly FairRing _ring;
    private readonly LossTable _losses;
    private readonly DopplerPool _pool;
    private readonly AgentCounters _counters;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly bool _original;
    private readonly bool _pushV1;
    private readonly AsyncSignal _signal;
    private readonly ITimer _timer;
    private long _start;
    private readonly ulong _key;
    private readonly int _window, _maxMessage;
    private readonly UnansweredBatches _unanswered = new();
    private readonly StampTable _recordStamps = new(MaxRecordStamps, Random.Shared.NextInt64()); // in an epoch of their own: a batch may be sent twice
    private readonly Dictionary<string, ulong> _duplicates = [];
    private ILaneLink? _link;
    private DopplerPeer? _last;
    private volatile bool _draining;
    private bool _moving, _recordsTold;
    private ulong _n;
    private SendPace _pace;
    private TimeSpan _lastTick, _lastSend, _reopenAt = Settle, _tellAt = TimeSpan.MaxValue;
    private long _answersSeen;
    private int _silent, _broken;

    public LaneForwarder(int lane, AgentOptions options, FairRing ring, LossTable losses, DopplerPool pool, AgentCounters counters, TimeProvider time, ILogger log)
    {
        _lane = lane;
        _ring = ring;
        _losses = losses;
        _pool = pool;
        _counters = counters;
        _time = time;
        _log = log;
        _original = options.OriginalDopplers;
        _pushV1 = options.PushV1;
        _key = pool.LaneKey(lane);
        _window = (int)Math.Min(MaxWindow, ring.CapacityBytes / 2 / ring.Lanes);
        _maxMessage = Math.Min(MaxMessage, _window);
        _signal = ring.Signal(lane);
        _timer = time.CreateTimer(_ => _signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether it has a stream to a Doppler. Any thread may ask.</summary>
    public bool Linked => Volatile.Read(ref _link) is not null;

    /// <summary>Forwards until cancelled, or until it has drained.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        _start = _time.GetTimestamp();
        _pool.Changed += _signal.Set;
        await using var wake = cancel.Register(_signal.Set);
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                await StepAsync(_time.GetElapsedTime(_start));
                if (_draining && _unanswered.Count == 0 && _ring.LaneEnvelopes(_lane) == 0 && !HasOwnLosses())
                {
                    return;
                }

                await _signal.WaitAsync();
            }
        }
        finally
        {
            _pool.Changed -= _signal.Set;
            if (_link is not null)
            {
                await LoseLinkAsync();
            }

            while (_unanswered.GiveUp() is { } batch)
            {
                Unconfirmed(batch);
            }
        }
    }

    /// <summary>Nothing more comes: the loop ends once all is answered.</summary>
    public void Drain()
    {
        _draining = true;
        _signal.Set();
    }

    public void Dispose() => _timer.Dispose();

    private async ValueTask StepAsync(TimeSpan now)
    {
        Confirm();
        if (_link is not null)
        {
            await WatchAsync(now);
        }

        await PlaceAsync(now);
        var due = Send(now);
        due = _link is null ? Min(due, _reopenAt > now ? _reopenAt : TimeSpan.MaxValue) : Min(due, _lastTick + Tick);
        if (due != TimeSpan.MaxValue)
        {
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((due - now).TotalMilliseconds))), Timeout.InfiniteTimeSpan);
        }
    }

    private void Confirm()
    {
        if (_link is null)
        {
            return;
        }

        var upTo = _link.ConfirmedUpTo();
        while (_unanswered.TakeAnswered(upTo) is { } batch)
        {
            Interlocked.Add(ref _counters.Confirmed, batch.Envelopes);
            _ring.Release(batch.Charge);
            batch.Message.Dispose();
            _broken = 0;
        }
    }

    /// <summary>Finds out whether the link is still good.</summary>
    private async ValueTask WatchAsync(TimeSpan now)
    {
        if (_link!.Failure is { } reason)
        {
            _pool.Report(_link.Peer, _link.Generation, PeerState.Suspect, reason);
            await LoseLinkAsync();

            // A peer that takes the stream and breaks it again is asked less and less often, and not by all agents at once.
            _reopenAt = _broken++ == 0 ? now : now + (TimeSpan.FromMilliseconds(Math.Min(50 << Math.Min(_broken, 5), 1000)) * (0.5 + (Random.Shared.NextDouble() / 2)));
        }
        else if (_link.Generation != _link.Peer.Generation)
        {
            await LoseLinkAsync();
        }
        else if (now - _lastTick >= Tick)
        {
            _lastTick = now;
            if (IsSilent(now))
            {
                _pool.Report(_link.Peer, _link.Generation, PeerState.Dead, _original ? "it takes no data" : "no answer for 1.5 s");
                await LoseLinkAsync();
            }
        }
    }

    private bool IsSilent(TimeSpan now)
    {
        if (_link!.Answers < 0)
        {
            return _link.Busy && now - _lastSend > WriteLimit;
        }

        _silent = _link.Answers == _answersSeen ? _silent + 1 : 0;
        _answersSeen = _link.Answers;
        return _silent >= SilentTicks;
    }

    /// <summary>Opens, keeps or leaves the link, as the lane's owner demands.</summary>
    private async ValueTask PlaceAsync(TimeSpan now)
    {
        var owner = _pool.Owner(_key);
        if (_link is not null)
        {
            _moving = _link.Leaving || !_pool.Knows(_link.Peer) || (owner is not null && owner != _link.Peer);
            if (_moving || (_draining && _unanswered.Waiting == 0 && _ring.LaneEnvelopes(_lane) == 0 && !HasOwnLosses()))
            {
                _link.Finish();
            }

            if (!_moving || _unanswered.OnLink != 0 || _link.Busy)
            {
                return; // a planned move waits for the last answer, so that order holds
            }

            await CloseLinkAsync();
        }

        if (owner is { State: PeerState.Alive } && (now >= _reopenAt || (_last is null && _pool.AllTried)))
        {
            Open(owner, now);
        }
    }

    private void Open(DopplerPeer owner, TimeSpan now)
    {
        var channel = owner.Channel(out var generation);
        _link = _original
            ? new BatchSenderLink(owner, generation, channel, _signal, _time, _window / 2, _pushV1)
            : new IngestLink(owner, generation, channel, _pool.Hello(_lane), _signal, answer =>
            {
                _pool.Report(owner, generation, answer);
                NoteDuplicates(owner.Name, answer.Duplicates);
            });
        _moving = false;
        _silent = 0;
        _answersSeen = 0;
        _lastTick = now;
        if (_last != owner)
        {
            if (_last is not null)
            {
                Interlocked.Increment(ref _counters.Moves);
            }

            _last = owner;
            Log.LaneMoved(_log, _lane, owner.Name, owner.Address);
        }
    }

    /// <summary>Counts what a Doppler tells cumulatively; after its restart it counts from 0 again.</summary>
    private void NoteDuplicates(string doppler, ulong duplicates)
    {
        lock (_duplicates)
        {
            var known = _duplicates.GetValueOrDefault(doppler);
            _duplicates[doppler] = duplicates;
            Interlocked.Add(ref _counters.Duplicates, (long)(duplicates >= known ? duplicates - known : duplicates));
        }
    }

    private async ValueTask CloseLinkAsync()
    {
        var link = _link!;
        _link = null;
        await link.DisposeAsync();
    }

    /// <summary>The link ended without answering everything. Ours get it again; what an original Doppler may have had is counted and gone.</summary>
    private async ValueTask LoseLinkAsync()
    {
        await CloseLinkAsync();
        var onLink = _unanswered.OnLink;
        Interlocked.Add(ref _counters.Lost, _unanswered.LinkLost());
        if (_original)
        {
            for (; onLink > 0; onLink--)
            {
                Unconfirmed(_unanswered.GiveUp()!);
            }
        }
    }

    /// <summary>Sends what may be sent now. Returns when there will be more to do, at the latest.</summary>
    private TimeSpan Send(TimeSpan now)
    {
        if (_link is null || _link.Busy || _moving || _link.Failure is not null)
        {
            return TimeSpan.MaxValue; // whatever changes that sets the signal
        }

        if (_unanswered.Waiting != 0)
        {
            SendAgain();
            return TimeSpan.MaxValue;
        }

        if (_unanswered.Bytes >= _window || _unanswered.Count >= MaxUnanswered)
        {
            return TimeSpan.MaxValue; // the ring absorbs
        }

        var envelopes = _ring.LaneEnvelopes(_lane);
        if (envelopes == 0 && !TellsLosses(now))
        {
            return _tellAt;
        }

        if (_pace.Next(_link.Gap) is var next && now < next && envelopes < MaxEnvelopes && _ring.LaneBytes(_lane) < _maxMessage)
        {
            return next;
        }

        if (Form() is { } batch)
        {
            _lastSend = now;
            _pace.Sent(now, _link.Gap);
            _tellAt = TimeSpan.MaxValue;
            _unanswered.Add(batch);
            batch.SentTo = _link.Peer.Name;
            _link.Send(batch);
        }

        return TimeSpan.MaxValue;
    }

    private void SendAgain()
    {
        var batch = _unanswered.SendNextAgain();
        if (!_original && !batch.MarkedResent && batch.SentTo is not null && batch.SentTo != _link!.Peer.Name)
        {
            IngestBatchCodec.WriteHeader(batch.Message, batch.N, resent: true); // overrides the one before
            batch.MarkedResent = true;
        }

        batch.SentTo = _link!.Peer.Name;
        Interlocked.Add(ref _counters.Resent, batch.Envelopes);
        Interlocked.Increment(ref _counters.Batches);
        _link.Send(batch);
    }

    /// <summary>Whether losses of this lane's sources have waited for a second while no envelope came to tell them with.</summary>
    private bool TellsLosses(TimeSpan now)
    {
        if (!HasOwnLosses())
        {
            _tellAt = TimeSpan.MaxValue;
            return false;
        }

        _tellAt = Min(_tellAt, now + TellWithin);
        return _draining || now >= _tellAt;
    }

    private bool HasOwnLosses() => _losses.HasPending && FindOwnLosses();

    private bool FindOwnLosses()
    {
        var own = false;
        _losses.Drain(loss =>
        {
            own |= _ring.LaneOf(loss.SourceId.Span) == _lane;
            return false;
        });
        return own;
    }

    /// <summary>Makes the next batch: pending losses first, then what the ring has.</summary>
    private OutgoingBatch? Form()
    {
        var waiting = Math.Min(_maxMessage, _ring.LaneBytes(_lane) + (_ring.LaneEnvelopes(_lane) * Records.MaxHeaderLength));
        var message = MessageBuffer.Rent((int)waiting + 64);
        var told = _recordsTold || !_losses.HasPending ? 0 : TellLosses(message);
        var take = _ring.Take(_lane, message, _maxMessage, MaxEnvelopes);

        // An envelope larger than a batch passes only alone: the one that gap records have kept out now goes before the next of them.
        _recordsTold = told != 0 && take.Envelopes == 0;
        var envelopes = told + take.Envelopes;
        if (envelopes == 0)
        {
            message.Dispose();
            return null;
        }

        _n++;
        if (!_original)
        {
            IngestBatchCodec.WriteHeader(message, _n, resent: false);
        }

        Interlocked.Add(ref _counters.Sent, envelopes);
        Interlocked.Add(ref _counters.SentBytes, message.Length);
        Interlocked.Increment(ref _counters.Batches);
        return new OutgoingBatch(_n, message, envelopes, take.Charge);
    }

    private int TellLosses(MessageBuffer message)
    {
        using var record = MessageBuffer.Rent(1024);
        var told = _losses.Drain(loss =>
        {
            if (message.Length >= MaxGapRecordBytes || _ring.LaneOf(loss.SourceId.Span) != _lane)
            {
                return false;
            }

            record.Clear();
            GapRecord.Write(
                record,
                loss.SourceId.Span,
                loss.InstanceId.Span,
                (ulong)loss.Count,
                "agent"u8,
                Encoding.UTF8.GetBytes(loss.Reason.Text()),
                loss.LastTimestamp,
                loss.UpperBound);
            var (epoch, sequence) = _recordStamps.Next(_recordStamps.KeyOf(loss.SourceId.Span, loss.InstanceId.Span, EnvelopeType.Counter));
            record.Advance(Stamp.Write(record.GetSpan(Stamp.MaxLength), epoch, sequence));
            Records.Append(message, record.Span);
            return true;
        });
        Interlocked.Add(ref _counters.Generated, told);
        return told;
    }

    /// <summary>Gives a batch up that may have arrived or not.</summary>
    private void Unconfirmed(OutgoingBatch batch)
    {
        var records = new RecordReader(batch.Message.Span);
        while (records.MoveNext())
        {
            if (RawEnvelope.TryReadHeader(records.Current, out var header))
            {
                _losses.Add(
                    header.SourceId.Of(records.Current),
                    header.InstanceId.Of(records.Current),
                    LossReason.Unconfirmed,
                    1,
                    header.Timestamp,
                    upperBound: true);
            }
        }

        _ring.Release(batch.Charge);
        batch.Message.Dispose();
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
