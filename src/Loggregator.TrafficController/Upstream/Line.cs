using Loggregator.Client.Consume;
using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// One subscription at one Doppler and the streams that read from it, at the pace of the fastest: whatever is charged to the
/// subscription's window is what that one has not released. Everything happens under the node's gate: the calls of the attachment's read
/// loop as well as those of streams that come, go and release.
/// </summary>
internal sealed class Line(DopplerNode node, StreamRequest request, bool historyDone) : IDopplerSubscriber
{
    /// <summary>Details of <see cref="StreamItemKind.Lost"/>.</summary>
    public const string NeverAttached = "unreachable", PlannedStop = "planned", BrokenLink = "broken";

    private readonly List<Membership> _members = [];
    private ulong _livePosition;
    private long _charged; // to the subscription's window

    public IReadOnlyList<Membership> Members => _members;

    public StreamRequest Request { get; } = request;

    /// <summary>Whether new streams of the same key read from it.</summary>
    public bool Shared { get; set; }

    /// <summary>Whether everything that was there at its opening has been handed over.</summary>
    public bool HistoryDone { get; private set; } = historyDone;

    public DopplerSubscription? Subscription { get; private set; }

    public bool Closed => Members.Count == 0;

    /// <summary>Whether some stream takes what comes; else it stands behind what the Doppler has, who knows how far.</summary>
    public bool KeepsUp => _charged <= Request.Window / 2;

    /// <summary>Where its streams stand.</summary>
    public Place Place => Subscription is { Positioned: true } subscription
        ? new Place(node.DopplerId, subscription.Incarnation, subscription.Position)
        : default;

    /// <summary>Begins with its first stream.</summary>
    public void Start(Membership first, StreamStart start, CursorMark? from)
    {
        _members.Add(first);
        first.Line = this;
        _charged = first.Pending;
        Subscription = node.Attachment.Subscribe(Request.Spec, start, this, from, _charged);
    }

    /// <summary>Another stream reads from here on.</summary>
    public void Add(Membership member)
    {
        _members.Add(member);
        member.Line = this;
        Follow(member);
    }

    /// <summary>A stream reads here no more.</summary>
    public void Remove(Membership member)
    {
        _members.Remove(member);
        member.Line = null;
        if (!Closed)
        {
            Charge(_members.Min(other => other.Pending));
        }
    }

    /// <summary>A stream has less pending than before: if it is the fastest, so much may come anew.</summary>
    public void Follow(Membership member)
    {
        if (member.Pending < _charged)
        {
            Charge(member.Pending);
        }
    }

    public void OnOpened(DopplerSubscription subscription, Opened opened, bool restarted)
    {
        lock (node.Gate)
        {
            if (_livePosition == 0 || restarted)
            {
                _livePosition = opened.LivePosition;
            }

            foreach (var member in Members)
            {
                if (restarted)
                {
                    member.Stream.PeerGone();
                    member.Stream.Tell(StreamItemKind.Restarted, member, Place, node.DopplerId);
                }

                member.Stream.Tell(StreamItemKind.Opened, member, Place, opened);
            }

            CheckHistory(subscription);
        }
    }

    public void OnRun(DopplerSubscription subscription, in DopplerRun run)
    {
        lock (node.Gate)
        {
            if (Closed)
            {
                return;
            }

            var page = Page.Of(run, this, Members.Count);
            var place = Place;
            _charged += page.Charge; // as the subscription has done
            foreach (var member in Members)
            {
                member.Pending += page.Charge;
                member.Stream.Enqueue(member, page, place);
            }

            CheckHistory(subscription);
            LetLaggardsGo();
        }
    }

    public void OnGap(DopplerSubscription subscription, Gap gap)
    {
        lock (node.Gate)
        {
            foreach (var member in Members)
            {
                member.Stream.AddGap(gap);
            }
        }
    }

    public void OnMoved(DopplerSubscription subscription)
    {
        lock (node.Gate)
        {
            CheckHistory(subscription);
        }
    }

    public void OnRefused(DopplerSubscription subscription, string error)
    {
        lock (node.Gate)
        {
            TellMembers(StreamItemKind.Refused, error);
        }
    }

    /// <summary>The Doppler is not attached any more.</summary>
    public void OnLost(bool wasAttached, bool planned)
    {
        TellMembers(StreamItemKind.Lost, !wasAttached ? NeverAttached : planned ? PlannedStop : BrokenLink);
        foreach (var member in Members)
        {
            member.Stream.Wake(); // whether it wants notices or not: it may be waiting for what that Doppler would have brought
        }
    }

    /// <summary>The Doppler is gone for good.</summary>
    public void OnForgotten()
    {
        foreach (var member in Members)
        {
            member.Stream.PeerGone();
        }
    }

    private void Charge(long bytes)
    {
        Subscription!.Release(_charged - bytes);
        _charged = bytes;
    }

    private void TellMembers(StreamItemKind kind, string detail)
    {
        foreach (var member in Members)
        {
            member.Stream.Tell(kind, member, Place, detail);
        }
    }

    private void CheckHistory(DopplerSubscription subscription)
    {
        if (HistoryDone || subscription.Position < _livePosition)
        {
            return;
        }

        HistoryDone = true;
        foreach (var member in Members)
        {
            member.Stream.Tell(StreamItemKind.HistoryDone, member, Place, null);
        }

        node.Settle(this);
    }

    // Who has a whole window pending while another has made room for more would, sooner or later, pace all.
    private void LetLaggardsGo()
    {
        for (var i = Members.Count - 1; i >= 0 && Members.Count > 1; i--)
        {
            if (Members[i].Pending >= Request.Window)
            {
                node.Part(this, Members[i]);
            }
        }
    }
}
