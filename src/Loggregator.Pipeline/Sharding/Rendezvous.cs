using System.IO.Hashing;

namespace Loggregator.Pipeline.Sharding;

/// <summary>
/// Highest-random-weight choice: of a set of members, the one with the highest score for a key owns it. Everyone who knows the same
/// members chooses the same one, and a member that comes or goes moves only the keys that it wins or had won. A pure function that all
/// versions of all tiers must share: <c>score = fmix(fmix(h(key)) ^ h(member))</c> with h = XxHash3-64 (seed 0) of the UTF-8 bytes and
/// fmix = the 64-bit finaliser of MurmurHash3. Of equal scores the higher member hash wins.
/// </summary>
public static class Rendezvous
{
    /// <summary>The hash of a key or of a member; keep it where it is used more than once.</summary>
    public static ulong Hash(ReadOnlySpan<byte> utf8) => XxHash3.HashToUInt64(utf8);

    /// <summary>How much a member wants a key, both given as <see cref="Hash"/>.</summary>
    public static ulong Score(ulong key, ulong member) => Mix(Mix(key) ^ member);

    /// <summary>The index of the owner of <paramref name="key"/> among <paramref name="members"/>, all given as <see cref="Hash"/>; -1 when there are none.</summary>
    public static int Owner(ulong key, ReadOnlySpan<ulong> members)
    {
        var owner = -1;
        var best = 0UL;
        for (var i = 0; i < members.Length; i++)
        {
            var score = Score(key, members[i]);
            if (owner < 0 || score > best || (score == best && members[i] > members[owner]))
            {
                owner = i;
                best = score;
            }
        }

        return owner;
    }

    private static ulong Mix(ulong value)
    {
        value ^= value >> 33;
        value *= 0xff51afd7ed558ccd;
        value ^= value >> 33;
        value *= 0xc4ceb9fe1a85ec53;
        return value ^ (value >> 33);
    }
}
