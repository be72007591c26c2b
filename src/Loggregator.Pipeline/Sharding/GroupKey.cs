using Loggregator.Protocol.Selectors;

namespace Loggregator.Pipeline.Sharding;

/// <summary>
/// What makes members one group: the shard id with one exact filter (groups of the original calls), or with the whole set of selectors
/// (groups that share by source).
/// </summary>
internal sealed class GroupKey : IEquatable<GroupKey>
{
    private readonly string _shardId;
    private readonly bool _bySource;
    private readonly HashSet<IEnvelopeFilter> _selectors;
    private readonly int _hash;

    public GroupKey(string shardId, bool bySource, IEnumerable<IEnvelopeFilter> selectors)
    {
        _shardId = shardId;
        _bySource = bySource;
        _selectors = [.. selectors];
        var hash = HashCode.Combine(shardId, bySource);
        foreach (var selector in _selectors)
        {
            hash ^= selector.GetHashCode(); // a set has no order
        }

        _hash = hash;
    }

    public bool Equals(GroupKey? other) =>
        other is not null && _bySource == other._bySource && _shardId == other._shardId && _selectors.SetEquals(other._selectors);

    public override bool Equals(object? obj) => Equals(obj as GroupKey);

    public override int GetHashCode() => _hash;
}
