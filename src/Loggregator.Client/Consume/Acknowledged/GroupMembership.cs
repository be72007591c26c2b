using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>
/// The member's share at one Doppler: its attachment, its subscription, and what is unacknowledged of it. Everything but
/// <see cref="Acknowledge"/> and <see cref="State"/> comes from the attachment's read loop.
/// </summary>
internal sealed class GroupMembership : IDopplerObserver, IDopplerSubscriber, IAsyncDisposable
{
    private readonly Lock _sync = new(); // innermost
    private readonly GroupConsumer _consumer;
    private readonly DopplerSubscription _subscription;
    private readonly ITimer _reopen;
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private List<ConsumedGap> _gaps = []; // for the next frame
    private bool _readOut; // the last run of the Doppler stopped when it had been read and acknowledged
    private bool _told;
    private string? _dopplerId;
    private string? _error;
    private long _joinedAt;
    private bool _joined;
    private long _charged; // bytes got in all openings
    private long _released;

    public GroupMembership(string address, GroupConsumer consumer, StreamStart start, PeerConnector connector, TimeProvider time, ILogger log)
    {
        _consumer = consumer;
        _time = time;
        _log = log;
        _reopen = time.CreateTimer(_ => _subscription?.Reopen(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Attachment = new DopplerAttachment(address, connector, consumer.Options.Member, this, time);
        _subscription = Attachment.Subscribe(consumer.Spec, start, this);
    }

    public DopplerAttachment Attachment { get; }

    public DopplerState State
    {
        get
        {
            lock (_sync)
            {
                return new DopplerState(Attachment.Address, _dopplerId, _joined, _charged - _released, _error);
            }
        }
    }

    /// <summary>From where it goes on if the Doppler has forgotten the group; null before it was ever opened.</summary>
    public CursorMark? Mark => _dopplerId is { } id ? _subscription.MarkAt(id) : null;

    public bool OnHello(DopplerAttachment attachment, DopplerIdentity identity)
    {
        if (!_consumer.Admit(this, identity))
        {
            return false;
        }

        _dopplerId = identity.Id;
        return true;
    }

    public void OnOpened(DopplerSubscription subscription, Opened opened, bool restarted)
    {
        lock (_sync)
        {
            (_joined, _told, _joinedAt) = (true, false, _time.GetTimestamp());
        }

        _consumer.NoteJoined();
        Log.JoinedGroup(_log, _consumer.Options.ShardId, _dopplerId!, opened.FirstPosition);
        if ((restarted && !_readOut) || (subscription.Resumed && opened.NewGroup))
        {
            // What the group had there and did not get is gone, and nobody knows how much it was.
            _gaps.Add(ConsumedGap.Unknown(restarted ? LossReason.PeerGone : LossReason.Evicted));
        }

        _readOut = false;
    }

    public void OnRun(DopplerSubscription subscription, in DopplerRun run)
    {
        lock (_sync)
        {
            _charged += run.Charge;
        }

        Deliver(run);
    }

    public void OnGap(DopplerSubscription subscription, Gap gap) => _gaps.Add(new ConsumedGap(
        gap.SourceId,
        gap.InstanceId,
        gap.Count,
        gap.UpperBound,
        gap.Hop,
        gap.Reason,
        gap.FirstPosition,
        gap.LastPosition,
        gap.FirstTimestamp,
        gap.LastTimestamp));

    public void OnMoved(DopplerSubscription subscription)
    {
        // The place of a group is kept by the Doppler.
    }

    public void OnRefused(DopplerSubscription subscription, string error)
    {
        Fail(error);
        _backoff.ResetAfter(_time.GetElapsedTime(_joinedAt));
        _reopen.Change(_backoff.Next(), Timeout.InfiniteTimeSpan);
    }

    public void OnFrameEnd(DopplerAttachment attachment)
    {
        if (_gaps.Count > 0)
        {
            Deliver(default);
        }
    }

    public void OnLost(DopplerAttachment attachment, bool wasAttached, bool planned, string reason)
    {
        _readOut |= attachment.ReadOut;
        _consumer.Dismiss(this);
        Fail(reason);
        if (attachment.Ended)
        {
            if (wasAttached && !_readOut && !_consumer.IsClosed)
            {
                _gaps.Add(ConsumedGap.Unknown(LossReason.PeerGone));
                Deliver(default);
            }

            _consumer.Forget(this);
        }
    }

    /// <summary>Everything up to and including the frame is stored. Any thread.</summary>
    public void Acknowledge(ConsumedFrame frame)
    {
        var end = frame.End;
        long release;
        lock (_sync)
        {
            release = end.Charge - _released;
            _released = Math.Max(_released, end.Charge);
        }

        _subscription.Acknowledge(end.Opening, end.Envelopes, end.Gaps, frame.Mark.Next);
        if (release > 0)
        {
            _subscription.Release(release);
        }
    }

    /// <summary>Leaves the group; done when the Doppler has taken note of all acknowledgements, or is lost.</summary>
    public Task LeaveAsync() => _subscription.CloseAsync();

    public async ValueTask DisposeAsync()
    {
        await _reopen.DisposeAsync().ConfigureAwait(false);
        await Attachment.DisposeAsync().ConfigureAwait(false);
    }

    private void Deliver(in DopplerRun run)
    {
        var gaps = _gaps;
        _gaps = gaps.Count > 0 ? [] : gaps;
        var (envelopes, told) = _subscription.Got;
        var mark = new CursorMark(_dopplerId!, _subscription.Incarnation, _subscription.Position);
        _consumer.Enqueue(new ConsumedFrame(this, mark, gaps.Count > 0 ? gaps : [], run)
        {
            End = (_subscription.Opening, envelopes, told, _charged),
        });
    }

    private void Fail(string error)
    {
        bool told;
        lock (_sync)
        {
            told = _told && !_joined;
            (_error, _joined, _told) = (error, false, true);
        }

        if (!told && !_consumer.IsClosed)
        {
            Log.LostGroup(_log, _consumer.Options.ShardId, Attachment.Address, error);
        }
    }
}
