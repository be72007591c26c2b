using Loggregator.Pipeline.Groups;
using Loggregator.Pipeline.Log;
using Loggregator.Tests.Pipeline.Log;
using Xunit;
using static Loggregator.Tests.Pipeline.Log.LogFixture;

namespace Loggregator.Tests.Pipeline.Groups;

public sealed class AckGroupTests
{
    private readonly LogFixture _log = new();

    [Fact]
    public void Members_ShareTheSources_EachInOrderAndOnce()
    {
        using var a = new GroupReader(_log, "a");
        using var b = new GroupReader(_log, "b");
        AppendOver(20, 400);

        int[] all = [.. a.ReadAll().Numbers.Concat(b.ReadAll().Numbers).Order()];
        Assert.Equal(Enumerable.Range(0, 400), all);
        Assert.Equal(a.Numbers.Order(), a.Numbers);
        Assert.Empty(a.Numbers.Select(number => number % 20).Intersect(b.Numbers.Select(number => number % 20)));
        Assert.NotEmpty(b.Numbers);
        Assert.Equal(400, GroupReader.ReportOf(_log).InFlight);
        a.AckAll();
        b.AckAll();
        Assert.Equal(0, GroupReader.AssertSettled(_log).Resent);
    }

    [Fact]
    public void Leaver_WithUnacknowledged_HasItSentToTheOtherBeforeWhatIsNewer()
    {
        using var a = new GroupReader(_log, "a");
        var b = new GroupReader(_log, "b");
        AppendOver(20, 100);
        a.ReadAll();
        b.ReadAll().Ack(b.Numbers.Count / 2);
        int[] owed = [.. b.Numbers.Skip(b.Numbers.Count / 2)];
        b.Dispose();
        AppendOver(20, 100, from: 100);
        a.ReadAll();

        Assert.Equal(owed, a.Numbers.Where(owed.Contains));
        foreach (var source in Enumerable.Range(0, 20))
        {
            var got = a.Numbers.Where(number => number % 20 == source).ToArray();
            Assert.Equal(got.Order(), got);
        }

        a.AckAll();
        Assert.Equal(owed.Length, GroupReader.AssertSettled(_log).Resent);
        Assert.Equal(200, GroupReader.ReportOf(_log).Acknowledged);
    }

    [Fact]
    public void Joiner_TakesOverWhatIsNotAcknowledged_AndTheFormerOwnersWordForItDoesNotCount()
    {
        using var a = new GroupReader(_log, "a");
        AppendOver(20, 100);
        a.ReadAll().Ack(40);
        using var b = new GroupReader(_log, "b");
        b.ReadAll();
        Assert.NotEmpty(b.Numbers);
        Assert.All(b.Numbers, number => Assert.InRange(number, 40, 99));
        a.AckAll();
        var report = GroupReader.ReportOf(_log);

        Assert.Equal(b.Numbers.Count, report.Resent);
        Assert.Equal(b.Numbers.Count, report.Held);
        Assert.Equal(100 - b.Numbers.Count, report.Acknowledged);
        b.AckAll();
        GroupReader.AssertSettled(_log);
    }

    [Fact]
    public void Joiner_WhenAllIsAcknowledged_GetsNothingTwice()
    {
        using var a = new GroupReader(_log, "a");
        AppendOver(20, 100);
        a.ReadAll().AckAll();
        using var b = new GroupReader(_log, "b");
        AppendOver(20, 100, from: 100);

        Assert.Equal(200, a.ReadAll().Numbers.Concat(b.ReadAll().Numbers).Distinct().Count());
        Assert.Equal(0, GroupReader.ReportOf(_log).Resent);
    }

    [Fact]
    public void Group_WithoutMembers_KeepsItsMarkForTenMinutesAndThenForgets()
    {
        var a = new GroupReader(_log, "a");
        AppendOver(20, 10);
        a.ReadAll().Ack(4);
        a.Dispose();
        AppendOver(20, 10, from: 10);
        _log.Time.Advance(TimeSpan.FromMinutes(9));
        var b = new GroupReader(_log, "b");

        Assert.False(b.Opened.NewGroup);
        Assert.Equal(Enumerable.Range(4, 16), b.ReadAll().Numbers);
        b.Ack(8);
        b.Dispose();
        AppendOver(20, 10, from: 20);
        _log.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Empty(_log.Log.Groups.Report());
        Assert.Equal(1, _log.Log.Groups.Forgotten);
        using var c = new GroupReader(_log, "c");
        Assert.True(c.Opened.NewGroup);
        Assert.Empty(c.ReadAll().Numbers);
    }

    [Fact]
    public void Group_ForgottenAndSoughtAtAPosition_StartsThere()
    {
        AppendOver(20, 10);
        using var a = new GroupReader(_log, "a", start: new SubscriptionRequest { Id = 0, Selectors = [], Start = SubscriptionStart.After, After = 6 });

        Assert.True(a.Opened.NewGroup);
        Assert.Equal(Enumerable.Range(5, 5), a.ReadAll().Numbers);
        using var b = new GroupReader(_log, "b", start: new SubscriptionRequest { Id = 0, Selectors = [], Start = SubscriptionStart.After, After = 2 });
        Assert.All(b.ReadAll().Numbers, number => Assert.InRange(number, 5, 9)); // the group's mark counts, not the joiner's wish
    }

    [Fact]
    public void Group_SinceATime_LeavesOlderHistoryOut()
    {
        _log.AddLog("a", "0", timestamp: 100).AddLog("a", "1", timestamp: 200).AddLog("a", "2", timestamp: 150).Append();
        using var a = new GroupReader(_log, "a", start: new SubscriptionRequest { Id = 0, Selectors = [], Start = SubscriptionStart.Since, Since = 150 });
        _log.AddLog("a", "3", timestamp: 10).Append();

        Assert.Equal([1, 2, 3], a.ReadAll().Numbers);
        a.AckAll();
        Assert.Equal(3, GroupReader.AssertSettled(_log).Matched);
    }

    [Fact]
    public void Eviction_WhileNobodyIsThere_IsToldExactly()
    {
        var a = new GroupReader(_log, "a");
        AppendOver(5, 100);
        a.ReadAll().Ack(60);
        a.Dispose(); // 40 are owed
        AppendOver(5, 20_000, from: 100, size: 100);
        using var b = new GroupReader(_log, "b");
        b.ReadAll();

        Assert.True(_log.Log.Evicted > 100, "the log did not overflow");
        Assert.Equal(20_040, b.Numbers.Count + b.Lost());
        Assert.InRange(b.Lost(), 1, 20_040);
        Assert.Equal(b.Lost(), b.Numbers[0] - 60);
        b.AckAll();
        Assert.Equal(b.Lost(), GroupReader.AssertSettled(_log).Dropped);
    }

    [Fact]
    public void Eviction_OfWhatIsInFlight_IsALossOnlyIfItIsNeverAcknowledged()
    {
        var a = new GroupReader(_log, "a");
        AppendOver(5, 100);
        a.ReadAll();
        a.Grant(-1);
        AppendOver(5, 20_000, from: 100, size: 100); // a's 100 leave the log, most of these too
        var evicted = _log.Log.Evicted;
        Assert.True(evicted > 100, "the log did not overflow");
        Assert.Null(a.Ack(30, 0));
        Assert.Equal(30, GroupReader.ReportOf(_log).Acknowledged);
        a.Dispose();
        using var b = new GroupReader(_log, "b");
        b.ReadAll().AckAll();

        var report = GroupReader.AssertSettled(_log);
        Assert.Equal(evicted - 30, b.Lost());
        Assert.Equal(evicted - 30, report.Dropped);
        Assert.Equal(20_100, report.Matched);
    }

    [Fact]
    public void Gap_ThatIsNotAcknowledged_IsToldToTheNext()
    {
        var a = new GroupReader(_log, "a");
        AppendOver(5, 20_000, size: 100);
        a.ReadAll();
        var lost = a.Lost();
        Assert.True(lost > 0, "nothing was lost");
        Assert.Null(a.Ack(a.Numbers.Count, 0));
        a.Dispose();
        var b = new GroupReader(_log, "b");
        Assert.Equal(lost, b.ReadAll().Lost());
        b.AckAll();
        b.Dispose();
        using var c = new GroupReader(_log, "c");
        Assert.Equal(0, c.ReadAll().Lost());
    }

    [Theory]
    [InlineData(11, 0, "11 envelopes were acknowledged, and 10 were sent.")]
    [InlineData(-1, 0, "-1 envelopes were acknowledged, and 10 were sent.")]
    [InlineData(5, 1, "1 gaps were acknowledged, and 0 were told.")]
    public void Acknowledgement_OfWhatWasNotSent_IsRefusedAndChangesNothing(int envelopes, int gaps, string error)
    {
        using var a = new GroupReader(_log, "a");
        AppendOver(2, 10);
        a.ReadAll();

        Assert.Equal(error, a.Ack(envelopes, gaps));
        Assert.Equal(10, GroupReader.ReportOf(_log).Held);
    }

    [Fact]
    public void Acknowledgement_AgainOrBackwards_IsHarmless()
    {
        using var a = new GroupReader(_log, "a");
        AppendOver(2, 10);
        a.ReadAll();
        Assert.Null(a.Ack(6));
        Assert.Null(a.Ack(6));
        Assert.Null(a.Ack(2));

        Assert.Equal(6, GroupReader.ReportOf(_log).Acknowledged);
        a.Close();
        Assert.Null(a.Consumer.Acknowledge(7, 10, 0)); // it is closed: too late
        Assert.Equal(4, GroupReader.ReportOf(_log).Held);
    }

    [Fact]
    public void Acknowledgement_ByAnOrdinarySubscription_IsRefused()
    {
        using var consumer = _log.Consumer();
        consumer.Open(Request(1, AnyLog));

        Assert.Equal("The subscription does not acknowledge.", consumer.Acknowledge(1, 0, 0));
    }

    [Fact]
    public void Member_ThatNeverAcknowledges_GetsSoMuchAndNoMore()
    {
        var log = new LogFixture(4 << 20, limits: new GroupLimits { MaxInFlight = 100 });
        using var a = new GroupReader(log, "a");
        log.AppendNumbered("s", 0, 1000);
        a.ReadAll();

        Assert.Equal(100, a.Numbers.Count);
        Assert.Equal(100, GroupReader.ReportOf(log).InFlight);
        log.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(5), GroupReader.ReportOf(log).OldestUnacknowledged);
        a.Ack(50);
        Assert.Equal(150, a.ReadAll().Numbers.Count);
        Assert.InRange(GroupReader.ReportOf(log).LagEnvelopes, 850, 1000);
    }

    [Fact]
    public void Member_WhoseNameComesAgain_MakesRoomForItsLaterSelf()
    {
        using var former = new GroupReader(_log, "a");
        AppendOver(5, 10);
        former.ReadAll().Ack(3);
        using var later = new GroupReader(_log, "a");

        Assert.Equal("Another member of the same name has joined the group.", former.Ended);
        Assert.Equal(Enumerable.Range(3, 7), later.ReadAll().Numbers);
        former.AckAll();
        Assert.Equal(7, GroupReader.ReportOf(_log).Held);
        later.AckAll();
        former.Dispose();
        Assert.Equal(1, GroupReader.AssertSettled(_log).Members);
    }

    [Fact]
    public void Envelope_ThatSeveralSelectorsMatch_IsGotAndAcknowledgedOnce()
    {
        using var a = new GroupReader(_log, "a", selectors: [AnyLog, LogsOf("s0")]);
        AppendOver(2, 10);

        Assert.Equal(10, a.ReadAll().Numbers.Count);
        a.AckAll();
        Assert.Equal(10, GroupReader.AssertSettled(_log).Matched);
    }

    [Fact]
    public void Groups_AreBounded_ThoseWithoutMembersMakeRoomOldestFirst()
    {
        var log = new LogFixture(limits: new GroupLimits { MaxGroups = 2 });
        using var a = new GroupReader(log, "a", selectors: LogsOf("a"));
        var b = new GroupReader(log, "b", selectors: LogsOf("b"));
        using var refused = new GroupReader(log, "c", selectors: LogsOf("c"));
        Assert.Equal("There are 2 groups that acknowledge already, each with members.", refused.Opened.Refused);
        b.Dispose();
        using var c = new GroupReader(log, "c", selectors: LogsOf("c"));

        Assert.Null(c.Opened.Refused);
        Assert.Equal(2, log.Log.Groups.Report().Count);
        Assert.Equal(1, log.Log.Groups.Forgotten);
    }

    [Fact]
    public void OrdinaryGroupOfTheSameName_IsAnotherGroup()
    {
        using var consumer = _log.Consumer();
        consumer.Open(new SubscriptionRequest { Id = 1, Selectors = Compile(AnyLog), ShardId = GroupReader.Shard, BySource = true, MemberName = "x", Credit = long.MaxValue });
        using var a = new GroupReader(_log, "a");
        AppendOver(5, 10);

        Assert.Equal(10, a.ReadAll().Numbers.Count);
        Assert.Equal(10, new RecordingFrame().ReadAll(consumer).Of(1).Count);
    }

    [Fact]
    public void Subscription_ThatAcknowledges_CannotBeChanged()
    {
        using var a = new GroupReader(_log, "a");

        Assert.NotNull(a.Consumer.Open(Request(7, AnyLog)).Refused);
        Assert.NotNull(a.Consumer.Open(new SubscriptionRequest { Id = 7, Selectors = [], Acknowledged = true, ShardId = "other" }).Refused);
    }

    // Numbers go round over so many sources.
    private void AppendOver(int sources, int count, int from = 0, int size = 0)
    {
        for (var i = from; i < from + count; i++)
        {
            _log.AddLog($"s{i % sources}", i.ToString(System.Globalization.CultureInfo.InvariantCulture), size: size);
            if (i % 50 == 49 || i == from + count - 1)
            {
                _log.Append();
            }
        }
    }
}
