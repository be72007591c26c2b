using System.Buffers;
using System.Globalization;
using System.Text;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using Xunit;

namespace Loggregator.Tests.Pipeline.Sharding;

public sealed class ShardGroupTests
{
    private static readonly EnvelopeSelector Selector = new(new Selector { Counter = new CounterSelector() });

    [Fact]
    public void Members_AtAnyPosition_ShareEachRowExactlyOnceAndAboutEvenly()
    {
        var groups = new ShardGroups();
        var members = Enumerable.Range(0, 3).Select(_ => groups.Join("id", false, [Selector], "", 1, 1)).ToArray();
        var taken = new int[3];
        var envelope = Counter("s", "x");
        for (long position = 1; position <= 9000; position++)
        {
            taken[Array.FindIndex(members, member => Chooses(member, position, envelope))]++;
            Assert.Single(members, member => Chooses(member, position, envelope));
        }

        Assert.All(taken, count => Assert.InRange(count, 2700, 3300));
    }

    [Fact]
    public void Membership_ThatChanges_AppliesFromItsPositionOnWhoeverAsksLater()
    {
        var groups = new ShardGroups();
        var first = groups.Join("id", false, [Selector], "", 1, 1);
        var second = groups.Join("id", false, [Selector], "", 100, 1);
        groups.Leave(first, 200, 1);
        var envelope = Counter("s", "x");

        Assert.All(Enumerable.Range(1, 99), position => Assert.True(Chooses(first, position, envelope) && !Chooses(second, position, envelope)));
        Assert.All(Enumerable.Range(100, 100), position => Assert.True(Chooses(first, position, envelope) ^ Chooses(second, position, envelope)));
        Assert.All(Enumerable.Range(200, 100), position => Assert.True(Chooses(second, position, envelope) && !Chooses(first, position, envelope)));
    }

    [Fact]
    public void Members_OfDifferentSelectorsOrIds_AreNotOneGroup()
    {
        var groups = new ShardGroups();
        var other = new EnvelopeSelector(new Selector { SourceId = "a", Counter = new CounterSelector() });
        ShardMember[] members =
        [
            groups.Join("id", false, [Selector], "", 1, 1),
            groups.Join("id", false, [other], "", 1, 1),
            groups.Join("other", false, [Selector], "", 1, 1),
            groups.Join("id", true, [Selector], "m", 1, 1),
        ];

        Assert.Equal(4, members.Select(member => member.Group).Distinct().Count());
    }

    [Theory]
    [InlineData("hash", "black")]
    [InlineData("other-hash", "blue")]
    public void CounterName_WithDeterministicNames_DecidesTheMember(string counter, string expected)
    {
        var groups = new ShardGroups();
        var blue = groups.Join("id", false, [Selector], "blue", 1, 1);
        var black = groups.Join("id", false, [Selector], "black", 1, 1);

        for (long position = 1; position < 50; position++)
        {
            Assert.Equal(expected == "blue", Chooses(blue, position, Counter("s" + position.ToString(CultureInfo.InvariantCulture), counter)));
            Assert.Equal(expected == "black", Chooses(black, position, Counter("t", counter)));
        }
    }

    [Theory]
    [InlineData(new[] { "a" }, "blue")]
    [InlineData(new[] { "a", "b" }, "black")]
    public void GaugeNames_WithDeterministicNames_DecideTheMember(string[] names, string expected)
    {
        var groups = new ShardGroups();
        var blue = groups.Join("id", false, [Selector], "blue", 1, 1);
        groups.Join("id", false, [Selector], "black", 1, 1);
        var writer = new ArrayBufferWriter<byte>();
        EnvelopeWriter.Gauge(writer, 0, "s"u8, "0"u8, [.. names.Select(name => new GaugeMetric(name, 1, ""))]);

        Assert.Equal(expected == "blue", Chooses(blue, 1, writer.WrittenSpan.ToArray()));
    }

    [Fact]
    public void NamelessMembers_OfANamedGroup_ComeFirstAndTakePart()
    {
        var groups = new ShardGroups();
        var named = groups.Join("id", false, [Selector], "a", 1, 1);
        var nameless = groups.Join("id", false, [Selector], "", 1, 1);

        Assert.True(Chooses(nameless, 1, Counter("s", "hash"))); // CRC mod 2 is 0
        Assert.True(Chooses(named, 1, Counter("s", "other-hash"))); // and 1
    }

    [Fact]
    public void GroupBySource_KeepsASourceAtOneMemberAndMovesFewWhenOneComes()
    {
        var groups = new ShardGroups();
        var members = Enumerable.Range(0, 3).Select(i => groups.Join("id", true, [Selector], "m" + i, 1, 1)).ToList();
        var envelopes = Enumerable.Range(0, 1000).Select(i => Counter("s" + i.ToString(CultureInfo.InvariantCulture), "x")).ToArray();
        var before = envelopes.Select(envelope => members.FindIndex(member => Chooses(member, 1, envelope))).ToArray();
        Assert.Equal(before, envelopes.Select(envelope => members.FindIndex(member => Chooses(member, 99, envelope))));
        members.Add(groups.Join("id", true, [Selector], "m3", 100, 1));
        var after = envelopes.Select(envelope => members.FindIndex(member => Chooses(member, 100, envelope))).ToArray();

        Assert.All(before.Zip(after), pair => Assert.True(pair.First == pair.Second || pair.Second == 3));
        Assert.InRange(after.Count(owner => owner == 3), 180, 320);
    }

    [Fact]
    public void DuplicateSelectorOfOneSubscriber_CountsAsTwoMembers()
    {
        var groups = new ShardGroups();
        ShardMember[] doubled = [groups.Join("id", false, [Selector], "", 1, 1), groups.Join("id", false, [Selector], "", 1, 1)];
        groups.Join("id", false, [Selector], "", 1, 1);
        var envelope = Counter("s", "x");

        Assert.InRange(Enumerable.Range(1, 9000).Count(position => doubled.Any(member => Chooses(member, position, envelope))), 5600, 6400);
    }

    private static bool Chooses(ShardMember member, long position, byte[] envelope)
    {
        Assert.True(RawEnvelope.TryRead(envelope, out var header));
        return member.Group.Chooses(member, position, header, envelope);
    }

    private static byte[] Counter(string source, string name)
    {
        var writer = new ArrayBufferWriter<byte>();
        EnvelopeWriter.Counter(writer, 0, Encoding.UTF8.GetBytes(source), "0"u8, Encoding.UTF8.GetBytes(name), 1);
        return writer.WrittenSpan.ToArray();
    }
}
