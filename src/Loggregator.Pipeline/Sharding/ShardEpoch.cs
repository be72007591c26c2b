namespace Loggregator.Pipeline.Sharding;

/// <summary>The members of a group from a position on. Immutable.</summary>
internal sealed class ShardEpoch
{
    public ShardEpoch(long from, IEnumerable<ShardMember> members)
    {
        From = from;
        Members = [.. members];
        Array.Sort(Members, static (left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        Hashes = [.. Members.Select(member => member.NameHash)];
        Named = Members.Any(member => member.Name.Length > 0);
    }

    public long From { get; }

    /// <summary>Sorted by name, bytewise; those without a name come first.</summary>
    public ShardMember[] Members { get; }

    /// <summary>Name hashes, in the order of <see cref="Members"/>.</summary>
    public ulong[] Hashes { get; }

    /// <summary>Whether any member has a name: then the original's whole group is deterministic.</summary>
    public bool Named { get; }
}
