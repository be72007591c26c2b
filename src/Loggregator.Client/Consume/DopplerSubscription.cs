using Loggregator.Protocol.Internal;

namespace Loggregator.Client.Consume;

/// <summary>
/// One subscription at one Doppler. It outlives the link: whenever the Doppler is attached again it is opened at its position.
/// Credit left at the Doppler and bytes held here never exceed the window. <see cref="Release"/> and <see cref="Close"/>: any thread.
/// </summary>
internal sealed class DopplerSubscription
{
    private readonly Lock _sync = new();
    private readonly DopplerAttachment _attachment;
    private readonly StreamStart _start;
    private readonly long? _openedAt;
    private long _held;
    private long _credit;
    private ulong _incarnation;
    private bool _positioned;
    private ulong _acknowledged; // of a member: nothing before this position is asked for again, if its group was forgotten
    private long _envelopes; // that a member got since it was opened
    private long _gaps;
    private bool _awaiting; // of a member: what comes before the answer belongs to an opening that is over
    private bool _spared; // it was asked only for what its filter does not cover

    internal DopplerSubscription(
        DopplerAttachment attachment, uint id, SubscriptionSpec spec, StreamStart start, CursorMark? from, long? openedAt, long held, IDopplerSubscriber subscriber)
    {
        _attachment = attachment;
        _start = start;
        _openedAt = openedAt;
        _held = held;
        Id = id;
        Spec = spec;
        Subscriber = subscriber;
        if (from is { } mark)
        {
            _positioned = true;
            _incarnation = mark.Incarnation;
            Position = mark.Next;
            _acknowledged = mark.Next;
        }
    }

    /// <summary>What was asked for.</summary>
    public SubscriptionSpec Spec { get; }

    /// <summary>The next position it reads. Written by the read loop only.</summary>
    public ulong Position { get; private set; }

    /// <summary>The run of the Doppler that <see cref="Position"/> belongs to; 0 before the first opening.</summary>
    public ulong Incarnation => _incarnation;

    /// <summary>Whether the Doppler has ever opened it.</summary>
    public bool Positioned => _positioned;

    /// <summary>Of a member: counts how often it was opened. What came before cannot be acknowledged after.</summary>
    public int Opening { get; private set; }

    /// <summary>Of a member: how many envelopes and gaps it got since it was opened. Read loop.</summary>
    public (long Envelopes, long Gaps) Got => (_envelopes, _gaps);

    /// <summary>Of a member: whether it was opened with a position of this run of the Doppler, rather than for the first time.</summary>
    public bool Resumed { get; private set; }

    /// <summary>Of a member: from where it goes on if its Doppler has forgotten the group.</summary>
    public CursorMark? MarkAt(string dopplerId)
    {
        lock (_sync)
        {
            return _positioned ? new CursorMark(dopplerId, _incarnation, _acknowledged) : null;
        }
    }

    /// <summary>
    /// A member has stored the first so many envelopes and gaps of an opening. Of an opening that is over: nothing is said, as the Doppler sends
    /// what was left of it again. Any thread.
    /// </summary>
    public void Acknowledge(int opening, long envelopes, long gaps, ulong nextPosition)
    {
        Ack ack;
        lock (_sync)
        {
            if (Closed || opening != Opening)
            {
                return;
            }

            _acknowledged = Math.Max(_acknowledged, nextPosition);
            ack = new Ack { Subscription = Id, Incarnation = _incarnation, Envelopes = (ulong)envelopes, Gaps = (ulong)gaps };
        }

        _attachment.Post(new AttachRequest { Ack = ack });
    }

    /// <summary>Opens a member again that the Doppler has ended.</summary>
    public void Reopen()
    {
        if (!Closed && _attachment.Identity is { } doppler)
        {
            _attachment.Post(new AttachRequest { Close = new Close { Subscription = Id } });
            _attachment.Post(Open(doppler));
        }
    }

    /// <summary>Number of this subscription in its attachment.</summary>
    internal uint Id { get; }

    internal IDopplerSubscriber Subscriber { get; }

    internal bool Closed { get; private set; }

    /// <summary>Scratch of the walker: the last run that named this subscription, and where it stands among its takers.</summary>
    internal long LastRun { get; set; }

    internal int TakerIndex { get; set; }

    /// <summary>The consumer has finished with this much.</summary>
    public void Release(long bytes)
    {
        long grant;
        lock (_sync)
        {
            _held -= bytes;
            grant = Spec.Window - _held - _credit;
            if (Closed || grant < Spec.Window / 4)
            {
                return;
            }

            _credit += grant;
        }

        _attachment.Post(new AttachRequest { Credit = new Credit { Subscription = Id, Bytes = (ulong)grant } });
    }

    /// <summary>Ends it. Nothing more is handed to the subscriber, but a call under way.</summary>
    public void Close()
    {
        if (TryClose())
        {
            _attachment.Forget(this);
        }
    }

    /// <summary>Ends it; done when the Doppler has taken note of that and of all acknowledgements, or is lost.</summary>
    public Task CloseAsync() => TryClose() ? _attachment.ForgetAsync(this) : Task.CompletedTask;

    private bool TryClose()
    {
        lock (_sync)
        {
            var was = Closed;
            Closed = true;
            return !was;
        }
    }

    internal AttachRequest Open(DopplerIdentity doppler)
    {
        var open = new Open
        {
            Subscription = Id,
            ShardId = Spec.ShardId,
            DeterministicName = Spec.DeterministicName,
            Sharing = Spec.Sharing,
            Member = Spec.Member,
            Gaps = Spec.Gaps,
            V1 = Spec.V1,
            Acknowledged = Spec.Acknowledged,
        };
        open.Selectors.AddRange(Spec.Selectors);
        lock (_sync)
        {
            if (Spec.Acknowledged)
            {
                BeginOpening(doppler);
            }

            var position = Spec.Acknowledged ? _acknowledged : Position;
            open.Start = _positioned ? new Start { After = position, Incarnation = _incarnation } : FirstStart(doppler);
            _credit = Math.Max(0, Spec.Window - _held);
            open.Credit = (ulong)_credit;
        }

        return new AttachRequest { Open = open };
    }

    internal void Opened(Opened opened, DopplerIdentity doppler)
    {
        if (opened.Error.Length > 0)
        {
            Subscriber.OnRefused(this, opened.Error);
            return;
        }

        if (_spared)
        {
            opened.AgedOut = false; // of what it never held
            _spared = false;
        }

        bool restarted;
        lock (_sync)
        {
            restarted = _positioned && _incarnation != doppler.Incarnation;
            Resumed = _positioned && !restarted;
            _acknowledged = Resumed ? _acknowledged : opened.FirstPosition;
            _positioned = true;
            _incarnation = doppler.Incarnation;
            _awaiting = false;
        }

        Position = opened.FirstPosition;
        Subscriber.OnOpened(this, opened, restarted);
    }

    internal void Run(in DopplerRun run, ulong nextPosition)
    {
        if (_awaiting)
        {
            return;
        }

        Position = nextPosition;
        if (run.Count == 0)
        {
            Subscriber.OnMoved(this);
            return;
        }

        lock (_sync)
        {
            _held += run.Charge;
            _credit -= run.Charge;
            _envelopes += run.Count;
        }

        Subscriber.OnRun(this, run);
    }

    internal void Gap(Gap gap)
    {
        lock (_sync)
        {
            if (_awaiting)
            {
                return;
            }

            _gaps++;
        }

        Subscriber.OnGap(this, gap);
    }

    private void BeginOpening(DopplerIdentity doppler)
    {
        Opening++;
        _awaiting = true;
        _envelopes = 0;
        _gaps = 0;
        if (!_positioned && _start.Cursor?.TryFind(doppler.Id, out var mark) == true)
        {
            (_positioned, _incarnation, _acknowledged) = (true, mark.Incarnation, mark.Next);
        }
    }

    // History is asked of Dopplers that may hold some; of others what has come since they said that they hold none.
    private Start? FirstStart(DopplerIdentity doppler)
    {
        var start = _start.At(doppler, _openedAt);
        if (start is not { FromCase: Start.FromOneofCase.Last or Start.FromOneofCase.Since }
            || _attachment.Held is not { } held || held.MayHold(Spec.Selectors))
        {
            return start;
        }

        _spared = true;
        return new Start { After = held.Position, Incarnation = doppler.Incarnation };
    }
}
