using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Groups;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// One reader of the log with any number of subscriptions: those that stand at the head with credit are attached, that is read for together;
/// each other has a place of its own, which it gives up when it comes to where the attached ones are. One thread fills frames; any thread
/// opens, closes and grants credit. <see cref="Signal"/> is set when there may be something to read.
/// </summary>
public sealed class LogConsumer : IDisposable
{
    private readonly EnvelopeLog _log;
    private readonly LogWalk _walk;
    private readonly DeliveryCounters _counters;
    private readonly Dictionary<uint, Subscription> _subscriptions = [];
    private readonly List<Subscription> _apart = [];
    private readonly RouteTable _sharedTable = new(live: true);
    private readonly LogReader _shared;
    private int _attached;
    private int _firstApart;
    private bool _sharedFirst;
    private bool _holdsEverything;
    private long _lowest = long.MaxValue;

    /// <summary>A consumer without subscriptions.</summary>
    public LogConsumer(EnvelopeLog log, DeliveryCounters counters)
    {
        ArgumentNullException.ThrowIfNull(log);
        _log = log;
        _counters = counters;
        _walk = new LogWalk(counters);
        _shared = new LogReader(_sharedTable);
        log.Register(this);
    }

    /// <summary>Set when something was appended that may match, or credit came.</summary>
    public AsyncSignal Signal { get; } = new();

    /// <summary>Whether the last <see cref="Fill"/> ended because the frame was full. The filling thread.</summary>
    public bool HasMore { get; private set; }

    internal Lock Gate { get; } = new();

    /// <summary>Nothing before this position is read again; may be lower than that, never higher. Any thread.</summary>
    internal long Lowest => Volatile.Read(ref _lowest);

    /// <summary>Whether an append is about to wake this consumer. Append lock.</summary>
    internal bool IsToBeWoken { get; set; }

    /// <summary>Opens a subscription, or gives an open one other selectors; then its position stays.</summary>
    public OpenedSubscription Open(SubscriptionRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Acknowledged)
        {
            return OpenMember(request);
        }

        OpenedSubscription opened;
        Subscription subscription;
        lock (_log.AppendGate)
        {
            lock (Gate)
            {
                if (_subscriptions.TryGetValue(request.Id, out var open))
                {
                    return open.Acked is null ? Change(open, request) : Refuse("A subscription that acknowledges cannot be changed: close it first.");
                }

                subscription = Add(request);
                Bind(subscription);
                opened = _log.PlaceAtStart(subscription);
                UpdateLowest();
            }
        }

        if (subscription.Seeking)
        {
            opened = new LogSeek(_log, this, subscription, _walk).Run(opened);
        }

        Signal.Set();
        return opened;
    }

    /// <summary>Ends a subscription. False if it is not open.</summary>
    public bool Close(uint id)
    {
        lock (_log.AppendGate)
        {
            lock (Gate)
            {
                if (!_subscriptions.Remove(id, out var subscription))
                {
                    return false;
                }

                Leave(subscription);
                if (subscription.Attached)
                {
                    subscription.Attached = false;
                    _attached--;
                }
                else
                {
                    _apart.Remove(subscription);
                }

                UpdateLowest();
                return true;
            }
        }
    }

    /// <summary>Lets a subscription have more. Of one that is not open: nothing.</summary>
    public void Grant(uint id, long bytes)
    {
        lock (Gate)
        {
            if (!_subscriptions.TryGetValue(id, out var subscription))
            {
                return;
            }

            subscription.WasGranted = true;
            subscription.Credit = Math.Min(subscription.Credit, long.MaxValue - Math.Max(bytes, 0)) + Math.Max(bytes, 0);
        }

        Signal.Set();
    }

    /// <summary>
    /// The member of an acknowledged group has stored the first so many envelopes and gaps that it got since it was opened. What was said before
    /// changes nothing. Of one that is not open: nothing.
    /// </summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public string? Acknowledge(uint id, long envelopes, long gaps)
    {
        lock (Gate)
        {
            if (!_subscriptions.TryGetValue(id, out var subscription))
            {
                return null;
            }

            if (subscription.Acked is not { } member)
            {
                return "The subscription does not acknowledge.";
            }

            if (member.Acknowledge(envelopes, gaps) is { } error)
            {
                return error;
            }
        }

        Signal.Set();
        return null;
    }

    /// <summary>How long ago the oldest envelope was sent that a member has not acknowledged; zero when there is none.</summary>
    public TimeSpan OldestUnacknowledged(uint id)
    {
        lock (Gate)
        {
            return _subscriptions.TryGetValue(id, out var subscription) && subscription.Acked is { } member ? member.OldestAge : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Copies what there is for subscriptions with credit into the frame, until it is full: by deficit round robin, a frame's bytes a turn.
    /// </summary>
    /// <returns>False when there was nothing.</returns>
    public bool Fill(LogFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        lock (Gate)
        {
            _sharedTable.Refresh();
            _sharedFirst = !_sharedFirst;
            var room = (!_sharedFirst || ReadShared(frame)) && ReadApart(frame);
            if (room && !_sharedFirst)
            {
                room = ReadShared(frame);
            }

            HasMore = !room;

            UpdateLowest();
        }

        return !frame.IsEmpty;
    }

    /// <summary>Writes the losses and positions that wait to be told into the frame. False when there were none.</summary>
    public bool FillNotices(LogFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        lock (Gate)
        {
            foreach (var subscription in _subscriptions.Values)
            {
                if (subscription.Attached)
                {
                    TellPosition(subscription, _shared.Position, frame);
                }

                if (subscription.HasLosses && !LogWalk.TellLosses(subscription, frame))
                {
                    break;
                }
            }
        }

        return !frame.IsEmpty;
    }

    /// <summary>Whether a bounded read has come to its end, or there is no such subscription.</summary>
    public bool IsFinished(uint id)
    {
        lock (Gate)
        {
            return !_subscriptions.TryGetValue(id, out var subscription)
                || (subscription.Request.ReadBefore is not null && !subscription.Attached && !subscription.Seeking
                    && subscription.Reader.Position >= subscription.LivePosition);
        }
    }

    /// <summary>Whether something that was appended may still be read by a subscription.</summary>
    public bool HasUnread()
    {
        lock (_log.AppendGate)
        {
            lock (Gate)
            {
                return (_attached > 0 && _shared.Position < _log.Head && !_log.HasNothingFor(_shared))
                    || _apart.Exists(subscription =>
                        subscription.Seeking || subscription.Acked is { IsOwed: true } || !_log.HasNothingFor(subscription.Reader));
            }
        }
    }

    /// <summary>Ends all subscriptions.</summary>
    public void Dispose()
    {
        lock (_log.AppendGate)
        {
            lock (Gate)
            {
                foreach (var subscription in _subscriptions.Values)
                {
                    Leave(subscription);
                }

                _subscriptions.Clear();
                _apart.Clear();
                _attached = 0;
                UpdateLowest();
            }

            _log.Unregister(this);
        }
    }

    /// <summary>Makes eviction wait for this consumer's gate, wherever it works.</summary>
    internal void HoldEverything()
    {
        lock (Gate)
        {
            _holdsEverything = true;
            UpdateLowest();
        }
    }

    /// <summary>Accounts for rows that go before they were read. Append lock and gate.</summary>
    internal void Lose(List<EvictedRow> rows, SourceTable sources)
    {
        _sharedTable.Refresh();
        if (_attached > 0)
        {
            _walk.Lose(_shared, rows, sources);
        }

        foreach (var subscription in _apart)
        {
            if (!subscription.Seeking)
            {
                subscription.Acked?.Evict(rows);
                subscription.Reader.Table.Refresh();
                _walk.Lose(subscription.Reader, rows, sources);
            }
        }
    }

    /// <summary>Moves every place whose segment went; one with nothing left to read goes to the head. Append lock and gate.</summary>
    internal void Relocate(SegmentList segments)
    {
        if (_attached > 0)
        {
            Settle(_shared, segments);
        }

        foreach (var subscription in _apart)
        {
            Settle(subscription.Reader, segments);
        }

        UpdateLowest();
    }

    /// <summary>Makes this the consumer of a group's keeper, which reads nothing and is charged with what is evicted. Append lock.</summary>
    internal AckMember OpenKeeper(AckGroup group, SubscriptionRequest request)
    {
        lock (Gate)
        {
            var subscription = Add(request);
            subscription.Acked = new AckMember(group, this, subscription);
            Bind(subscription);
            return subscription.Acked;
        }
    }

    internal void UpdateLowest()
    {
        var lowest = _holdsEverything ? 0 : _attached > 0 ? _shared.Position : long.MaxValue;
        foreach (var subscription in _apart)
        {
            lowest = Math.Min(lowest, subscription.Acked?.Lowest ?? subscription.Reader.Position);
        }

        Volatile.Write(ref _lowest, lowest);
    }

    private static OpenedSubscription Refuse(string why) => default(OpenedSubscription) with { Refused = why };

    private OpenedSubscription OpenMember(SubscriptionRequest request)
    {
        lock (_log.AppendGate)
        {
            lock (Gate)
            {
                if (_subscriptions.ContainsKey(request.Id))
                {
                    return Refuse("A subscription that acknowledges cannot be changed: close it first.");
                }

                var place = _log.StartOf(request);
                if (_log.Groups.Find(request, place.Position, _counters, out var isNew) is not { } group)
                {
                    return Refuse($"There are {_log.Groups.Limits.MaxGroups} groups that acknowledge already, each with members.");
                }

                var subscription = Add(request);
                subscription.Acked = new AckMember(group, this, subscription);
                subscription.LivePosition = _log.Head;
                Bind(subscription);
                group.Join(subscription.Acked);
                return _log.Describe(Math.Min(subscription.Reader.Position, _log.Head), isNew && place.AgedOut) with { NewGroup = isNew };
            }
        }
    }

    private Subscription Add(SubscriptionRequest request)
    {
        var subscription = new Subscription(request) { Reader = new LogReader(new RouteTable(live: false)) };
        subscription.Reader.Owner = subscription;
        _subscriptions.Add(request.Id, subscription);
        _apart.Add(subscription);
        return subscription;
    }

    private void Leave(Subscription subscription)
    {
        if (subscription.Acked is { } member)
        {
            _log.Groups.Leave(member);
        }

        Unbind(subscription);
    }

    private void Settle(LogReader reader, SegmentList segments)
    {
        if (reader.Owner is not { Seeking: true } && _log.HasNothingFor(reader))
        {
            reader.Position = Math.Max(reader.Position, _log.Head);
            reader.MoveTo(segments.Tail, segments.Tail.Count);
        }
        else
        {
            reader.Relocate(segments);
        }
    }

    private OpenedSubscription Change(Subscription subscription, SubscriptionRequest request)
    {
        Unbind(subscription);
        subscription.Request = request;
        subscription.Credit += request.Credit;
        Bind(subscription);
        var position = subscription.Attached ? _shared.Position : subscription.Reader.Position;
        if (subscription.Attached)
        {
            Detach(subscription);
        }

        subscription.LivePosition = _log.Head; // the shared table is for what was appended after a source was named

        UpdateLowest();
        Signal.Set();
        return _log.Describe(position, agedOut: false);
    }

    private void Detach(Subscription subscription)
    {
        subscription.Attached = false;
        _attached--;
        subscription.Reader.CopyPlaceOf(_shared);
        _apart.Add(subscription);
    }

    private void Bind(Subscription subscription)
    {
        _log.Bind(this, subscription);
        subscription.Reader.Table.Add(subscription);
        _sharedTable.Add(subscription);
    }

    private void Unbind(Subscription subscription)
    {
        subscription.Reader.Table.Remove(subscription);
        _sharedTable.Remove(subscription);
        _log.Unbind(this, subscription, _sharedTable);
    }

    private bool ReadShared(LogFrame frame)
    {
        if (_attached == 0)
        {
            return true;
        }

        var until = long.MaxValue;
        foreach (var subscription in _apart)
        {
            if (CanAttach(subscription) && subscription.Reader.Position > _shared.Position)
            {
                until = Math.Min(until, subscription.Reader.Position);
            }
        }

        var room = _walk.Read(_shared, frame, until);
        Part();
        AttachArrived(frame);
        return room;
    }

    private bool ReadApart(LogFrame frame)
    {
        for (var turn = _apart.Count; turn > 0 && _apart.Count > 0; turn--)
        {
            _firstApart = _firstApart < _apart.Count ? _firstApart : 0;
            var subscription = _apart[_firstApart];
            if (subscription.Seeking || subscription.IsSpent)
            {
                _firstApart++;
                continue;
            }

            var reader = subscription.Reader;
            reader.Table.Refresh();
            var bounded = subscription.Request.ReadBefore is not null;
            var meets = _attached > 0 && _shared.Position >= subscription.LivePosition && _shared.Position >= reader.Position;
            var until = bounded ? subscription.LivePosition : meets ? _shared.Position : long.MaxValue;
            if (!Serve(subscription, frame, until))
            {
                return false;
            }

            var attaches = CanAttach(subscription) && (_attached == 0 || reader.Position == _shared.Position);
            if (reader.Position >= subscription.LivePosition && (attaches || subscription.Told < subscription.LivePosition))
            {
                TellPosition(subscription, reader.Position, frame);
            }

            if (attaches)
            {
                Attach(subscription, _firstApart); // the last of the list takes its place, so the turn stays here
            }
            else
            {
                _firstApart++;
            }
        }

        return true;
    }

    // False when the frame is full. Whose turn is not over goes on with the next frame; what is left of a turn without need of it is forfeit.
    private bool Serve(Subscription subscription, LogFrame frame, long until)
    {
        subscription.Turn += subscription.Turn <= 0 ? frame.MaxBytes : 0;
        var before = frame.Bytes;
        var room = _walk.Read(subscription.Reader, frame, until);
        var left = subscription.Turn - (frame.Bytes - before);
        subscription.Turn = room ? 0 : Math.Max(left, 1 - frame.MaxBytes); // a huge envelope costs one turn, not many
        if (!room && left <= 0)
        {
            _firstApart++;
        }

        return room;
    }

    private static bool CanAttach(Subscription subscription) =>
        subscription is { Seeking: false, Credit: > 0, Request.ReadBefore: null, Acked: null } && subscription.Reader.Position >= subscription.LivePosition;

    private void AttachArrived(LogFrame frame)
    {
        for (var i = _apart.Count - 1; i >= 0; i--)
        {
            if (CanAttach(_apart[i]) && (_attached == 0 || _apart[i].Reader.Position == _shared.Position))
            {
                TellPosition(_apart[i], _apart[i].Reader.Position, frame);
                Attach(_apart[i], i);
            }
        }
    }

    // A run of no records: what lies before the position did not match.
    private static void TellPosition(Subscription subscription, long position, LogFrame frame)
    {
        if (subscription.Told < position)
        {
            subscription.Told = position;
            frame.Run(0, [subscription.Id], position, []);
        }
    }

    private void Attach(Subscription subscription, int index)
    {
        if (_attached == 0)
        {
            _shared.CopyPlaceOf(subscription.Reader);
        }

        _apart[index] = _apart[^1];
        _apart.RemoveAt(_apart.Count - 1);
        subscription.Reader.Leave();
        subscription.Attached = true;
        _attached++;
    }

    private void Part()
    {
        foreach (var subscription in _walk.Spent)
        {
            _attached--;
            _apart.Add(subscription);
        }

        _walk.Spent.Clear();
    }
}
