using System.Globalization;
using Loggregator.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Log;

/// <summary>Members of a group come, lag, and go in seeded order: each row is got by, or told lost to, exactly one of them.</summary>
public sealed class GroupModelTests
{
    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, false, true)]
    [InlineData(3, true, false)]
    [InlineData(4, false, false)]
    [InlineData(5, true, true)]
    [InlineData(6, false, false, true)]
    [InlineData(7, true, false, true)]
    public void Group_WithMembersThatComeAndGo_SharesEachRowExactlyOnce(int seed, bool bySource, bool named, bool packing = false)
    {
        var random = new Random(seed);
        var log = new LogFixture(budget: 256 * 1024);
        var members = new List<(LogConsumer Consumer, uint Id)>();
        var frame = new RecordingFrame(4 * 1024);
        uint nextId = 1;
        var sent = 0;
        Join();
        for (var step = 0; step < 2000; step++)
        {
            switch (random.Next(30))
            {
                case 0 when members.Count < 5:
                    Join();
                    break;
                case 1 when members.Count > 1:
                    var leaving = members[random.Next(members.Count)];
                    frame.ReadAll(leaving.Consumer); // what it leaves unread is lost with it, as in the original
                    leaving.Consumer.Dispose();
                    members.Remove(leaving);
                    break;
                case < 8:
                    frame.ReadOne(members[random.Next(members.Count)].Consumer);
                    break;
                case 8 or 9 when packing:
                    log.Pack(2);
                    break;
                default:
                    for (var count = random.Next(1, 30); count > 0; count--)
                    {
                        log.AddLog("s" + random.Next(20), sent++.ToString(CultureInfo.InvariantCulture), size: random.Next(300));
                    }

                    log.Append();
                    break;
            }
        }

        foreach (var (consumer, _) in members)
        {
            frame.ReadAll(consumer);
            consumer.Dispose();
        }

        var got = frame.Received.Values.SelectMany(texts => texts).Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(got.Length, got.Distinct().Count());
        Assert.Equal(sent, got.Length + frame.Gaps.Values.SelectMany(gaps => gaps).Sum(gap => gap.Count));
        Assert.Equal(packing, log.Codec.Unpacked > 0);
        Assert.True(frame.Gaps.Count > 0, "nobody ever lagged behind the log");

        void Join()
        {
            var consumer = log.Consumer();
            consumer.Open(new SubscriptionRequest
            {
                Id = nextId,
                Selectors = Compile(AnyLog),
                ShardId = "group",
                BySource = bySource,
                MemberName = bySource || named ? "member-" + nextId : "",
                Credit = long.MaxValue / 2,
            });
            members.Add((consumer, nextId++));
        }
    }
}
