using Loggregator.Client.Consume;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Pipeline.Groups;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Acknowledged;

public sealed class AcknowledgedTests : ClusterTest, IAsyncDisposable
{
    private static readonly string[] Sources = [.. Enumerable.Range(0, 12).Select(source => $"app-{source}")];
    private readonly List<StoringMember> _members = [];
    private readonly StoredLines _store = new();

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }

        await DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task Members_OverTwoDopplers_StoreEachLineOnceAndInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 2));
        await JoinAsync(cluster, 1);
        await JoinAsync(cluster, 2);
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources);
        await load.MoreAsync(3000, cancel);
        await load.StopAsync();
        await StoredAsync(cluster, load, cancel);

        Assert.Equal(0, _store.Duplicates);
        Assert.Empty(_store.Gaps);
        AssertInOrder(load);
        Assert.All(_members, member => Assert.True(member.Got > 0, "a member got nothing"));
        await SettledAsync(cluster, cancel);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Members_KilledInMidStream_LoseNothingThatIsNotStored(int seed)
    {
        var cancel = TestContext.Current.CancellationToken;
        var random = new Random(seed);
        var cluster = await StartAsync(Small(dopplers: 2));
        await JoinAsync(cluster, seed * 100);
        await JoinAsync(cluster, (seed * 100) + 1);
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources, bytes: 200);
        for (var kill = 0; kill < 6; kill++)
        {
            await load.MoreAsync(random.Next(100, 1500), cancel);
            var victim = _members[random.Next(_members.Count)];
            victim.Hangs = random.Next(2) == 0; // with more in hand
            await load.MoreAsync(random.Next(1, 300), cancel);
            _members.Remove(victim);
            await victim.KillAsync();
            await JoinAsync(cluster, (seed * 100) + 10 + kill);
        }

        await load.MoreAsync(500, cancel);
        await load.StopAsync();
        await StoredAsync(cluster, load, cancel);
        AssertInOrder(load);
        Assert.Empty(_store.Gaps);
        var reports = await SettledAsync(cluster, cancel);
        Assert.True(reports.Sum(report => report.Resent) > 0, "nothing was ever sent again");
    }

    [Fact(Timeout = 120_000)]
    public async Task Member_WhoseLinkIsCutAndComesBack_GoesOnWhereItStood()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1));
        var member = await JoinAsync(cluster, 1);
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources);
        for (var cut = 0; cut < 5; cut++)
        {
            await load.MoreAsync(300, cancel);
            member.LinkTo(cluster.Dopplers[0]).Cut();
        }

        await load.MoreAsync(300, cancel);
        await load.StopAsync();
        await StoredAsync(cluster, load, cancel);
        AssertInOrder(load);
        Assert.Empty(_store.Gaps);
        await SettledAsync(cluster, cancel);
    }

    [Fact(Timeout = 120_000)]
    public async Task Member_ThatLeaves_HasNothingSentTwice()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 2));
        var leaver = await JoinAsync(cluster, 1);
        await JoinAsync(cluster, 2);
        var producer = cluster.Produce(cluster.Agents[0]);
        await SendAsync(producer, 0, 100, cancel);
        await CountAsync(100 * Sources.Length, cancel);
        await leaver.Consumer.LeaveAsync(TimeSpan.FromSeconds(10));
        await SendAsync(producer, 100, 100, cancel);
        await CountAsync(200 * Sources.Length, cancel);

        Assert.Equal(0, _store.Duplicates);
        Assert.All(await SettledAsync(cluster, cancel), report => Assert.Equal((0, 1), (report.Resent, report.Members)));
    }

    [Fact(Timeout = 120_000)]
    public async Task Doppler_Killed_IsTold_AndItsSuccessorIsReadFromItsBeginning()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1));
        var doppler = cluster.Dopplers[0];
        var member = await JoinAsync(cluster, 1);
        var producer = cluster.Produce(cluster.Agents[0]);
        await SendAsync(producer, 0, 50, cancel);
        await CountAsync(50 * Sources.Length, cancel);
        member.LinkTo(doppler).Cut(refuse: true);
        await cluster.KillAsync(doppler);
        await cluster.RestartAsync(doppler, cancel);
        await SendAsync(producer, 50, 50, cancel);
        await Deadline.UntilAsync(
            () => doppler.Services.GetRequiredService<DopplerCounters>().Appended > 0, () => "the new run of the Doppler has envelopes", cancel);
        member.LinkTo(doppler).Retarget(doppler.GrpcPort);
        member.LinkTo(doppler).Restore();
        await Deadline.UntilAsync(
            () => Sources.All(source => _store.Of(source).Contains(99)), () => $"the last line of each source; {_store.Count} are stored", cancel);

        var gap = Assert.Single(_store.Gaps);
        Assert.Equal(("doppler", "peer_gone", null), (gap.Hop, gap.Reason, gap.Count));
        Assert.All(Sources, source => Assert.Equal(Enumerable.Range(0, 100).Select(number => (long)number), _store.Of(source).Distinct())); // what the agent had no answer for it sent again
    }

    [Fact(Timeout = 120_000)]
    public async Task Doppler_StoppedAsPlanned_IsReadOutAndLeavesNoGap()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1));
        var doppler = cluster.Dopplers[0];
        var member = await JoinAsync(cluster, 1);
        var producer = cluster.Produce(cluster.Agents[0]);
        await SendAsync(producer, 0, 200, cancel);
        await doppler.StopAsync();
        await cluster.RestartAsync(doppler, cancel);
        member.LinkTo(doppler).Retarget(doppler.GrpcPort);
        await SendAsync(producer, 200, 50, cancel);
        await CountAsync(250 * Sources.Length, cancel);

        Assert.Empty(_store.Gaps);
        Assert.Equal(0, _store.Duplicates);
    }

    [Fact(Timeout = 120_000)]
    public async Task Group_ForgottenByItsDoppler_IsResumedAtTheCursorThatWasKept_AndSaysThatItMayHaveLost()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1, ("Doppler:GroupKeep", "00:00:00")));
        var member = await JoinAsync(cluster, 1);
        var producer = cluster.Produce(cluster.Agents[0]);
        await SendAsync(producer, 0, 50, cancel);
        await CountAsync(50 * Sources.Length, cancel);
        var cursor = member.Consumer.Cursor.ToString();
        await member.Consumer.LeaveAsync(TimeSpan.FromSeconds(10));
        var counters = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();
        await Deadline.UntilAsync(() => counters.Groups.Count == 0, () => "the group is forgotten", cancel);
        await SendAsync(producer, 50, 50, cancel);
        Assert.True(StreamCursor.TryParse(cursor, out var kept));
        await JoinAsync(cluster, 2, StreamStart.After(kept!));
        await CountAsync(100 * Sources.Length, cancel);

        Assert.Equal(0, _store.Duplicates);
        Assert.Equal(("doppler", "evicted", null), Assert.Single(_store.Gaps) is var gap ? (gap.Hop, gap.Reason, gap.Count) : default);
    }

    [Fact(Timeout = 120_000)]
    public async Task Member_ThatNeverAcknowledges_GetsItsWindowAndNoMore_UntilItLeaves()
    {
        const int Window = 64 * 1024;
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1));
        var stuck = await JoinAsync(cluster, 1, window: Window);
        stuck.Hangs = true;
        var load = Load(cluster.Produce(cluster.Agents[0]), Sources, bytes: 300);
        await load.MoreAsync(5000, cancel);
        await load.StopAsync();
        var counters = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();
        await Deadline.UntilAsync(() => counters.Appended >= load.Total && stuck.Got >= Window, () => $"the window is full: {stuck.Got}", cancel);
        var report = Assert.Single(counters.Groups);
        Assert.InRange(stuck.Got, Window, Window + 2048);
        Assert.InRange(report.InFlightBytes, Window, Window + 2048);
        Assert.True(report.LagEnvelopes > 4000, $"the lag is {report.LagEnvelopes}");

        await JoinAsync(cluster, 2);
        _members.Remove(stuck);
        await stuck.KillAsync();
        await StoredAsync(cluster, load, cancel);
        AssertInOrder(load);
        await SettledAsync(cluster, cancel);
    }

    [Fact(Timeout = 120_000)]
    public async Task Members_OfOneName_TheLaterTakesOver_AndTheFormerComesBackAfterIt()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1));
        var former = await JoinAsync(cluster, 1);
        var later = await JoinAsync(cluster, 2, member: "member-1");
        await Deadline.UntilAsync(() => former.Consumer.Dopplers[0].LastError is not null, () => "the former member is told", cancel);
        Assert.Equal("Another member of the same name has joined the group.", former.Consumer.Dopplers[0].LastError);
        _members.Remove(later);
        await later.KillAsync();
        await former.JoinedAsync(cancel);
        var producer = cluster.Produce(cluster.Agents[0]);
        await SendAsync(producer, 0, 10, cancel);
        await CountAsync(10 * Sources.Length, cancel);
        Assert.Equal(1, (await SettledAsync(cluster, cancel))[0].Members);
    }

    private static ClusterOptions Small(int dopplers, params (string Key, string Value)[] settings) => new()
    {
        Dopplers = dopplers,
        Agents = 1,
        TrafficControllers = 0,
        Settings = settings.ToDictionary(setting => setting.Key, setting => setting.Value),
    };

    private static async Task SendAsync(Producer producer, int from, int count, CancellationToken cancel)
    {
        foreach (var source in Sources)
        {
            await producer.SendAsync(source, from, count, cancel);
        }
    }

    private async Task<StoringMember> JoinAsync(InProcessCluster cluster, int seed, StreamStart? start = null, long? window = null, string? member = null)
    {
        var joined = new StoringMember(cluster.Dopplers, _store, cluster.Errors, seed, options => options with
        {
            Start = start ?? options.Start,
            WindowBytes = window ?? options.WindowBytes,
            Member = member ?? options.Member,
        });
        _members.Add(joined);
        await joined.JoinedAsync(TestContext.Current.CancellationToken);
        return joined;
    }

    private Task CountAsync(long lines, CancellationToken cancel) =>
        Deadline.UntilAsync(() => _store.Count >= lines, () => $"{lines} lines are stored, {_store.Count} are", cancel);

    private Task StoredAsync(InProcessCluster cluster, SteadyLoad load, CancellationToken cancel) => Deadline.UntilAsync(
        () => _store.Count >= load.Total, () => $"{load.Total} lines are stored, {_store.Count} are\n{Conservation.Describe(cluster)}", cancel);

    private void AssertInOrder(SteadyLoad load)
    {
        foreach (var source in Sources)
        {
            Assert.Equal(Enumerable.Range(0, (int)load.Accepted(source)).Select(number => (long)number), _store.Of(source));
        }
    }

    /// <summary>Nothing is held by any group: all that was matched is acknowledged.</summary>
    private static async Task<IReadOnlyList<GroupReport>> SettledAsync(InProcessCluster cluster, CancellationToken cancel)
    {
        IReadOnlyList<GroupReport> Reports() =>
            [.. cluster.Dopplers.SelectMany(doppler => doppler.Services.GetRequiredService<DopplerCounters>().Groups)];
        await Deadline.UntilAsync(() => Reports().All(report => report.Held == 0), () => $"nothing is held: {string.Join(", ", Reports())}", cancel);
        var settled = Reports();
        Assert.All(settled, report => Assert.Equal(report.Matched, report.Acknowledged + report.Dropped));
        return settled;
    }
}
