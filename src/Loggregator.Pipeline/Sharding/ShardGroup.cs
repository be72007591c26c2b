using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Pipeline.Sharding;

/// <summary>
/// Chooses for each row of the log the one member that gets it: a pure function of the row and of the members at its position. So members
/// that read the same row at different times, before or after another came or went, never both take it and never both leave it.
/// Joining and leaving happen under the log's append lock; any thread may ask.
/// </summary>
internal sealed class ShardGroup(GroupKey key, bool bySource)
{
    private const int MaxEpochs = 1024; // a group that changes more often than the log turns over forgets its oldest memberships
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();
    private ShardEpoch[] _epochs = [];

    public GroupKey Key { get; } = key;

    public bool IsEmpty => Volatile.Read(ref _epochs) is not [.., { Members.Length: > 0 }];

    /// <summary>Adds a member from <paramref name="position"/> on. What is before the first member's is the first member's too.</summary>
    public void Join(ShardMember member, long position, long oldest) =>
        Change(_epochs is [.., var last] ? [.. last.Members, member] : [member], _epochs.Length == 0 ? 0 : position, oldest);

    /// <summary>Takes a member out from <paramref name="position"/> on.</summary>
    public void Leave(ShardMember member, long position, long oldest) =>
        Change([.. _epochs[^1].Members.Where(other => other != member)], position, oldest);

    /// <summary>Whether the row at <paramref name="position"/> goes to <paramref name="member"/>.</summary>
    public bool Chooses(ShardMember member, long position, in EnvelopeHeader header, ReadOnlySpan<byte> envelope)
    {
        var epoch = At(position);
        if (epoch is null || epoch.Members.Length == 0)
        {
            return false;
        }

        var members = epoch.Members;
        if (bySource)
        {
            return members[Rendezvous.Owner(Rendezvous.Hash(header.SourceId.Of(envelope)), epoch.Hashes)] == member;
        }

        if (members.Length == 1)
        {
            return members[0] == member;
        }

        var index = epoch.Named && DeterministicHash.TryCompute(envelope, header, out var hash)
            ? hash % (ulong)members.Length
            : (UInt128)Mix((ulong)position + _seed) * (ulong)members.Length >> 64;
        return members[(int)index] == member;
    }

    private ShardEpoch? At(long position)
    {
        var epochs = Volatile.Read(ref _epochs);
        for (var at = epochs.Length - 1; at >= 0; at--)
        {
            if (epochs[at].From <= position)
            {
                return epochs[at];
            }
        }

        return epochs.Length == 0 ? null : epochs[0];
    }

    private void Change(ShardMember[] members, long from, long oldest)
    {
        List<ShardEpoch> epochs = [.. _epochs, new ShardEpoch(from, members)];
        while (epochs.Count > 1 && (epochs[1].From <= oldest || epochs.Count > MaxEpochs))
        {
            epochs.RemoveAt(0);
        }

        Volatile.Write(ref _epochs, [.. epochs]);
    }

    // SplitMix64's finaliser.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
