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
        lock (_sync)
        {
            if (Closed)
            {
                return;
            }

            Closed = true;
        }

        _attachment.Forget(this);
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
            Start = _positioned ? new Start { After = Position, Incarnation = _incarnation } : FirstStart(doppler),
        };
        open.Selectors.AddRange(Spec.Selectors);
        lock (_sync)
        {
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

        var restarted = _positioned && _incarnation != doppler.Incarnation;
        _positioned = true;
        _incarnation = doppler.Incarnation;
        Position = opened.FirstPosition;
        Subscriber.OnOpened(this, opened, restarted);
    }

    internal void Run(in DopplerRun run, ulong nextPosition)
    {
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
        }

        Subscriber.OnRun(this, run);
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
