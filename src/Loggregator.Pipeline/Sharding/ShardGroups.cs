using Loggregator.Protocol.Selectors;

namespace Loggregator.Pipeline.Sharding;

/// <summary>The groups that have members. The log's append lock.</summary>
internal sealed class ShardGroups
{
    private readonly Dictionary<GroupKey, ShardGroup> _groups = [];

    public ShardMember Join(string shardId, bool bySource, IEnumerable<IEnvelopeFilter> selectors, string name, long position, long oldest)
    {
        var key = new GroupKey(shardId, bySource, selectors);
        if (!_groups.TryGetValue(key, out var group))
        {
            group = new ShardGroup(key, bySource);
            _groups.Add(key, group);
        }

        var member = new ShardMember(group, name);
        group.Join(member, position, oldest);
        return member;
    }

    public void Leave(ShardMember member, long position, long oldest)
    {
        member.Group.Leave(member, position, oldest);
        if (member.Group.IsEmpty)
        {
            _groups.Remove(member.Group.Key);
        }
    }
}
