using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Sharding;

namespace Loggregator.Pipeline.Groups;

/// <summary>
/// The acknowledged groups of a log, those included that have no members at the moment: what such a group has not acknowledged waits for
/// its members while the log holds it, and after a while is forgotten. Append lock.
/// </summary>
public sealed class AckGroups
{
    private readonly Dictionary<(GroupKey Key, bool Gaps), AckGroup> _groups = [];
    private readonly EnvelopeLog _log;
    private readonly TimeProvider _time;
    private readonly ITimer _forget;

    internal AckGroups(EnvelopeLog log, GroupLimits limits, TimeProvider time)
    {
        (_log, Limits, _time) = (log, limits, time);
        _forget = time.CreateTimer(_ => Forget(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal GroupLimits Limits { get; }

    /// <summary>Groups without members that were forgotten, with what they had not acknowledged.</summary>
    public long Forgotten { get; private set; }

    /// <summary>How each group fares, those of one shard id and different selectors each for itself.</summary>
    public IReadOnlyList<GroupReport> Report()
    {
        lock (_log.AppendGate)
        {
            return [.. _groups.Values.Select(group => group.Report())];
        }
    }

    /// <summary>The group that a member asks for; a new one starts where this member asks. Null when there are too many.</summary>
    internal AckGroup? Find(SubscriptionRequest request, long start, DeliveryCounters counters, out bool isNew)
    {
        var key = (new GroupKey(request.ShardId, bySource: true, request.Selectors), request.Gaps);
        isNew = !_groups.TryGetValue(key, out var group);
        if (group is not null)
        {
            return group;
        }

        if (_groups.Count >= Limits.MaxGroups && !ForgetOne())
        {
            return null;
        }

        group = new AckGroup(_log, request, start, counters, Limits, _time);
        _groups.Add(key, group);
        return group;
    }

    internal void Leave(AckMember member)
    {
        member.Group.Leave(member);
        if (member.Group.IsEmpty)
        {
            ForgetInTime();
        }
    }

    private bool ForgetOne()
    {
        var longest = _groups.Where(entry => entry.Value.IsEmpty).OrderBy(entry => entry.Value.EmptySince).FirstOrDefault();
        if (longest.Value is null)
        {
            return false;
        }

        Forget(longest.Key);
        return true;
    }

    private void Forget()
    {
        lock (_log.AppendGate)
        {
            foreach (var (key, group) in _groups.ToList())
            {
                if (group.IsEmpty && _time.GetElapsedTime(group.EmptySince) >= Limits.Keep)
                {
                    Forget(key);
                }
            }

            ForgetInTime();
        }
    }

    private void Forget((GroupKey Key, bool Gaps) key)
    {
        _groups.Remove(key, out var group);
        group!.Close();
        Forgotten++;
    }

    private void ForgetInTime()
    {
        var first = _groups.Values.Where(group => group.IsEmpty).Select(group => group.EmptySince).DefaultIfEmpty(-1).Min();
        var left = first < 0 ? Timeout.InfiniteTimeSpan : Limits.Keep - _time.GetElapsedTime(first);
        _forget.Change(first < 0 || left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
