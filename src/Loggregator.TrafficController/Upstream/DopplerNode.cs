using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// One Doppler: its attachment and the subscriptions there. The gate guards all of its lines and memberships; inside it only streams'
/// own locks are taken, and the attachment's.
/// </summary>
internal sealed class DopplerNode : IDopplerObserver, IAsyncDisposable
{
    private const int MaxPartings = 3; // then a slow stream keeps its own subscription
    private readonly Dictionary<string, Line> _shared = []; // by the request's key
    private readonly List<Line> _settling = []; // own lines that join the shared one as soon as they stand at the same place
    private readonly HashSet<Line> _lines = [];
    private readonly DopplerSet _set;
    private readonly TrafficControllerCounters _counters;
    private readonly ILogger _log;
    private static readonly TimeSpan LossIsOver = TimeSpan.FromHours(1); // hardly any source's history reaches back further
    private readonly TimeProvider _time;
    private DopplerIdentity? _admitted;
    private DopplerIdentity? _last;
    private long _lostBefore;
    private bool _told;

    public DopplerNode(string address, PeerConnector connector, DopplerSet set, TrafficControllerCounters counters, TimeProvider time, ILogger log)
    {
        _set = set;
        _counters = counters;
        _log = log;
        _time = time;
        Attachment = new DopplerAttachment(address, connector, set.ClientId, this, time);
    }

    public Lock Gate { get; } = new();

    public DopplerAttachment Attachment { get; }

    /// <summary>The instance id of who answered last; null before the first hello.</summary>
    public string? DopplerId { get; private set; }

    /// <summary>Whether an attempt to attach has succeeded or failed: who waits for this Doppler's history knows what to expect.</summary>
    public bool Tried { get; private set; }

    /// <summary>
    /// When it came back as another run that has nothing of what the former one held, UNIX nanoseconds: for an hour its answers about what was before lack
    /// something. 0: nothing is lacking.
    /// </summary>
    public long LostBefore => Volatile.Read(ref _lostBefore) is var at && at > 0 && _time.GetUnixNanoseconds() - at < LossIsOver.Ticks * TimeSpan.NanosecondsPerTick ? at : 0;

    /// <summary>Subscriptions open here; for tests and metrics.</summary>
    public int LineCount
    {
        get
        {
            lock (Gate)
            {
                return _lines.Count;
            }
        }
    }

    public bool OnHello(DopplerAttachment attachment, DopplerIdentity identity)
    {
        if (!_set.Admit(this, identity))
        {
            return false;
        }

        // It may know of a loss before this process was there; one that has no snapshot cannot, but that it is another run is seen here.
        if (attachment.LostBefore != 0)
        {
            Volatile.Write(ref _lostBefore, attachment.LostBefore);
        }
        else if (_last is { } last && last != identity)
        {
            Volatile.Write(ref _lostBefore, attachment.Restored ? 0 : _time.GetUnixNanoseconds());
        }

        _admitted = _last = identity;
        DopplerId = identity.Id;
        Tried = true;
        _told = false;
        Interlocked.Increment(ref _counters.DopplerConnects);
        Interlocked.Increment(ref _counters.DopplersAttached);
        Log.Attached(_log, identity.Id, attachment.Address);
        return true;
    }

    public void OnLost(DopplerAttachment attachment, bool wasAttached, bool planned, string reason)
    {
        if (_admitted is { } identity)
        {
            _admitted = null;
            _set.Dismiss(this, identity);
        }

        if (wasAttached)
        {
            Interlocked.Increment(ref _counters.DopplerDisconnects);
            Interlocked.Decrement(ref _counters.DopplersAttached);
        }

        if (wasAttached || !Tried)
        {
            lock (Gate)
            {
                Tried = true;
                foreach (var line in _lines)
                {
                    line.OnLost(wasAttached, planned);
                }
            }
        }

        if (!_told && !_set.Stopping)
        {
            _told = true;
            Log.DopplerLost(_log, attachment.Address, reason);
        }

        if (attachment.Ended && !_set.Stopping)
        {
            lock (Gate)
            {
                foreach (var line in _lines)
                {
                    line.OnForgotten();
                }
            }
        }

        if (attachment.Ended)
        {
            _set.Forget(this);
        }
    }

    public void OnFrameEnd(DopplerAttachment attachment)
    {
        if (_settling.Count == 0)
        {
            return;
        }

        lock (Gate)
        {
            for (var i = _settling.Count - 1; i >= 0; i--)
            {
                if (TrySettle(_settling[i]))
                {
                    _settling.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Lets a stream read here.</summary>
    /// <param name="stream">Who reads.</param>
    /// <param name="start">Where it starts.</param>
    public Membership Join(EnvelopeStream stream, StreamStart start)
    {
        var member = new Membership(stream, this);
        var request = stream.Request;
        lock (Gate)
        {
            var shares = !request.Sharded && !start.WantsHistory;
            if (shares && _shared.TryGetValue(request.Key, out var line) && line.KeepsUp)
            {
                line.Add(member);
                if (line.Place is { DopplerId: not null } place)
                {
                    stream.Tell(StreamItemKind.Opened, member, place, new Opened { FirstPosition = place.Next, LivePosition = place.Next });
                    stream.Tell(StreamItemKind.HistoryDone, member, place, null);
                }

                return member;
            }

            line = Open(request, start, member, historyDone: false, from: null);
            if (shares)
            {
                Share(line);
            }

            return member;
        }
    }

    /// <summary>Ends a stream's reading here.</summary>
    public void Leave(Membership member)
    {
        lock (Gate)
        {
            if (member.Line is { } line)
            {
                Remove(line, member);
            }
        }
    }

    /// <summary>Where a stream stands here that is done with all that came; none if it is not.</summary>
    public Place PlaceOf(Membership member)
    {
        lock (Gate)
        {
            return member is { Pending: 0, Line: { } line } ? line.Place : default;
        }
    }

    /// <summary>A stream is done with a page, wherever it came from.</summary>
    public void Release(Membership member, Page page)
    {
        lock (Gate)
        {
            member.Pending -= page.Charge;
            member.Line?.Follow(member);
        }
    }

    /// <summary>A line has no more history to read: it becomes the shared one of its key, or joins it. Under the gate.</summary>
    public void Settle(Line line)
    {
        if (!line.Request.Sharded && !line.Shared && !TrySettle(line) && !_settling.Contains(line))
        {
            _settling.Add(line);
        }
    }

    /// <summary>Gives a slow stream a subscription of its own, from where it stands. Under the gate.</summary>
    public void Part(Line line, Membership member)
    {
        var place = line.Place;
        if (place.DopplerId is null)
        {
            return;
        }

        line.Remove(member);
        var own = Open(line.Request, StreamStart.Now, member, historyDone: true, new CursorMark(place.DopplerId, place.Incarnation, place.Next));
        Interlocked.Increment(ref _counters.SlowClients);
        if (member.Stream.Ordering || ++member.Partings < MaxPartings)
        {
            _settling.Add(own);
        }
    }

    public ValueTask DisposeAsync() => Attachment.DisposeAsync();

    private Line Open(StreamRequest request, StreamStart start, Membership member, bool historyDone, CursorMark? from)
    {
        var line = new Line(this, request, historyDone);
        _lines.Add(line);
        Interlocked.Increment(ref _counters.Subscriptions);
        line.Start(member, start, from);
        return line;
    }

    private void Remove(Line line, Membership member)
    {
        line.Remove(member);
        if (line.Closed)
        {
            Close(line);
            _settling.Remove(line);
        }
    }

    private void Close(Line line)
    {
        line.Subscription!.Close();
        _lines.Remove(line);
        Interlocked.Decrement(ref _counters.Subscriptions);
        if (line.Shared)
        {
            _shared.Remove(line.Request.Key);
        }
    }

    // One that had been shared until now did not keep up; it joins this one when it does.
    private void Share(Line line)
    {
        if (_shared.TryGetValue(line.Request.Key, out var former))
        {
            former.Shared = false;
            _settling.Add(former);
        }

        line.Shared = true;
        _shared[line.Request.Key] = line;
    }

    // Two subscriptions of the same selectors that stand at the same place have brought, and will bring, the same.
    private bool TrySettle(Line own)
    {
        if (own.Closed)
        {
            return true;
        }

        if (!_shared.TryGetValue(own.Request.Key, out var shared))
        {
            Share(own);
            return true;
        }

        if (own.Place != shared.Place || own.Place.DopplerId is null || own.Members.Any(member => member.Pending > own.Request.Window / 4))
        {
            return false;
        }

        foreach (var member in own.Members.ToArray())
        {
            own.Remove(member);
            shared.Add(member);
        }

        Close(own);
        return true;
    }
}
