using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Sharding;

namespace Loggregator.Pipeline.Groups;

/// <summary>
/// A group whose members acknowledge what they got. Its sources fall into slots; each slot has one owner, the rendezvous choice among the
/// members, and a place from which the owner goes on. When a member comes or goes the slots that change hands go on from the oldest envelope
/// that the old owner had not acknowledged: it is read from the log again. While there are no members a keeper, which reads nothing, owns
/// all slots and is charged with what the log evicts. Membership changes under the append lock and the gates of all members.
/// </summary>
internal sealed class AckGroup
{
    private const int Slots = 256;
    private const long Parked = long.MaxValue; // where the keeper stands while it owns nothing: eviction does not ask it
    private readonly EnvelopeLog _log;
    private readonly TimeProvider _time;
    private readonly GroupSlot[] _slots = new GroupSlot[Slots];
    private readonly List<AckMember> _members = [];
    private readonly AckMember _keeper;
    private readonly long _since;
    private readonly long _sinceUntil;

    /// <summary>A group without members. Append lock.</summary>
    /// <param name="log">The log.</param>
    /// <param name="first">What its first member asks for: selectors, and where the group starts.</param>
    /// <param name="start">The position where it starts.</param>
    /// <param name="counters">Of who reads the log.</param>
    /// <param name="limits">What it may take.</param>
    /// <param name="time">The clock.</param>
    public AckGroup(EnvelopeLog log, SubscriptionRequest first, long start, DeliveryCounters counters, GroupLimits limits, TimeProvider time)
    {
        (_log, _time, Limits, ShardId) = (log, time, limits, first.ShardId);
        (_since, _sinceUntil) = first.Start == SubscriptionStart.Since ? (first.Since, log.Head) : (long.MinValue, 0);
        _keeper = new LogConsumer(log, counters).OpenKeeper(this, new SubscriptionRequest { Id = 1, Selectors = first.Selectors, Gaps = first.Gaps });
        Array.Fill(_slots, new GroupSlot { Owner = _keeper, Next = start, Sent = start });
        _keeper.MoveTo(start, log.Segments);
    }

    public string ShardId { get; }

    public GroupLimits Limits { get; }

    public GroupCounters Counters { get; } = new();

    public bool IsEmpty => _members.Count == 0;

    /// <summary>When the last member left; while there is none, the group is forgotten after a while.</summary>
    public long EmptySince { get; private set; }

    public long Now => _time.GetTimestamp();

    public TimeSpan Since(long timestamp) => _time.GetElapsedTime(timestamp);

    /// <summary>The slot of a source.</summary>
    public static int SlotOf(ReadOnlySpan<byte> sourceId) => (int)(Rendezvous.Hash(sourceId) % Slots);

    public ref GroupSlot Slot(int slot) => ref _slots[slot];

    /// <summary>Of a group that starts at a time: what was in the log already is taken by its timestamp.</summary>
    public bool AdmitsTime(long position, long timestamp) => position >= _sinceUntil || timestamp >= _since;

    /// <summary>Adds a member; one of the same name, which must be its former self, has to go. Append lock.</summary>
    public void Join(AckMember member)
    {
        var former = _members.Find(other => other.NameHash == member.NameHash);
        Change(former, member);
        former?.Subscription.Request.OnEnded?.Invoke("Another member of the same name has joined the group.");
    }

    /// <summary>Takes a member out; of one that has gone, nothing. Append lock.</summary>
    public void Leave(AckMember member)
    {
        if (_members.Contains(member))
        {
            Change(member, null);
            EmptySince = Now;
        }
    }

    /// <summary>Forgets what the group has not acknowledged. Append lock.</summary>
    public void Close()
    {
        Interlocked.Add(ref Counters.Dropped, Interlocked.Exchange(ref Counters.Returned, 0));
        _keeper.Consumer.Dispose();
    }

    /// <summary>How it fares. Append lock.</summary>
    public GroupReport Report()
    {
        long bytes = 0, count = 0, lowest = _log.Head;
        var oldest = TimeSpan.Zero;
        foreach (var member in _members.Append(_keeper))
        {
            lock (member.Consumer.Gate)
            {
                bytes += member.InFlight.Bytes;
                count += member.InFlight.Count;
                oldest = member.OldestAge > oldest ? member.OldestAge : oldest;
                lowest = Math.Min(lowest, member.Reader.Position);
            }
        }

        return new GroupReport
        {
            ShardId = ShardId,
            Members = _members.Count,
            Matched = Interlocked.Read(ref Counters.Matched),
            Acknowledged = Interlocked.Read(ref Counters.Acknowledged),
            Dropped = Interlocked.Read(ref Counters.Dropped),
            Held = Interlocked.Read(ref Counters.InFlight) + Interlocked.Read(ref Counters.Returned),
            Resent = Interlocked.Read(ref Counters.Resent),
            InFlight = count,
            InFlightBytes = bytes,
            LagEnvelopes = _log.Head - lowest,
            LagBytes = lowest >= _log.Head ? 0 : _log.Segments.BytesFrom(lowest),
            OldestUnacknowledged = oldest,
            Marks = _slots.Select(slot => slot.Next).Distinct().Count(),
        };
    }

    private void Change(AckMember? leaves, AckMember? joins)
    {
        List<AckMember> affected = [.. _members, _keeper];
        if (joins is not null)
        {
            affected.Add(joins);
        }

        foreach (var member in affected)
        {
            member.Consumer.Gate.Enter();
        }

        try
        {
            if (leaves is not null)
            {
                _members.Remove(leaves);
            }

            if (joins is not null)
            {
                _members.Add(joins);
            }

            Share(affected);
            leaves?.HandOverLosses(Owners());
            if (!IsEmpty)
            {
                _keeper.HandOverLosses(Owners());
            }
        }
        finally
        {
            foreach (var member in affected)
            {
                member.Consumer.Gate.Exit();
            }
        }
    }

    private void Share(List<AckMember> affected)
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            _slots[slot].Next = Math.Max(_slots[slot].Next, _slots[slot].Owner.Reader.Position);
        }

        ulong[] names = [.. _members.Select(member => member.NameHash)];
        var owners = new AckMember[Slots];
        for (var slot = 0; slot < Slots; slot++)
        {
            owners[slot] = IsEmpty ? _keeper : _members[Rendezvous.Owner((ulong)slot, names)];
        }

        foreach (var member in affected)
        {
            member.GiveUp(owners);
        }

        for (var slot = 0; slot < Slots; slot++)
        {
            _slots[slot].Owner = owners[slot];
        }

        foreach (var member in affected)
        {
            var places = _slots.Where(slot => slot.Owner == member).Select(slot => slot.Next);
            member.MoveTo(places.DefaultIfEmpty(member == _keeper ? Parked : _log.Head).Min(), _log.Segments);
        }
    }

    private AckMember[] Owners() => [.. _slots.Select(slot => slot.Owner)];
}
