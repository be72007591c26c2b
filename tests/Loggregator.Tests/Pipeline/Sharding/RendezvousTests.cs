using System.Text;
using Loggregator.Pipeline.Sharding;
using Xunit;

namespace Loggregator.Tests.Pipeline.Sharding;

public sealed class RendezvousTests
{
    // What other versions of the tiers compute too: a change here breaks placement and groups between them.
    [Theory]
    [InlineData("", "", 2062962310787369988ul)]
    [InlineData("agent-1/0", "doppler-a", 15134022129477951698ul)]
    [InlineData("agent-1/0", "doppler-b", 15267433748751377122ul)]
    [InlineData("f47ac10b-58cc-4372-a567-0e02b2c3d479", "nozzle-7", 953904149974655055ul)]
    public void Score_KnownPairs_NeverChanges(string key, string member, ulong score) =>
        Assert.Equal(score, Rendezvous.Score(Hash(key), Hash(member)));

    [Fact]
    public void Owner_MemberLeaves_MovesOnlyItsKeys()
    {
        ulong[] all = [.. Enumerable.Range(0, 5).Select(i => Hash($"doppler-{i}"))];
        ulong[] rest = [.. all[..4]];
        var counts = new int[5];
        for (var i = 0; i < 10_000; i++)
        {
            var key = Hash($"key-{i}");
            var before = Rendezvous.Owner(key, all);
            counts[before]++;
            if (before != 4)
            {
                Assert.Equal(before, Rendezvous.Owner(key, rest));
            }
        }

        Assert.All(counts, count => Assert.InRange(count, 1800, 2200));
    }

    [Fact]
    public void Owner_OrderOfMembers_DoesNotMatter()
    {
        ulong[] members = [.. Enumerable.Range(0, 7).Select(i => Hash($"m{i}"))];
        ulong[] reversed = [.. members.Reverse()];
        for (var i = 0; i < 1000; i++)
        {
            var key = Hash($"key-{i}");
            Assert.Equal(members[Rendezvous.Owner(key, members)], reversed[Rendezvous.Owner(key, reversed)]);
        }
    }

    [Fact]
    public void Owner_NoMembers_IsNone() => Assert.Equal(-1, Rendezvous.Owner(1, []));

    private static ulong Hash(string text) => Rendezvous.Hash(Encoding.UTF8.GetBytes(text));
}
