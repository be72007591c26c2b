using System.Text;

namespace Loggregator.Pipeline.Sharding;

/// <summary>One share of a group. A subscription that lists a selector twice has two in that selector's group.</summary>
internal sealed class ShardMember(ShardGroup group, string name)
{
    public ShardGroup Group { get; } = group;

    /// <summary>Deterministic name, or the member's name when the group shares by source. UTF-8; may be empty.</summary>
    public byte[] Name { get; } = Encoding.UTF8.GetBytes(name);

    public ulong NameHash { get; } = Rendezvous.Hash(Encoding.UTF8.GetBytes(name));
}
