using System.Diagnostics;
using System.Text;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Envelopes;
using Loggregator.TestKit.Faults;
using Xunit;

namespace Loggregator.IntegrationTests;

public sealed class AgentForwardingTests
{
    [Fact]
    public async Task LoneEnvelope_IdleLink_ArrivesAtOnce()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [doppler.Address]);
        await agent.UntilAsync(() => agent.Service.Ready, "a link to the Doppler");
        await agent.SendAsync(AgentHost.Logs("warm", 0, 1));
        await doppler.WaitForAsync(got => got.Count == 1, "the first envelope");

        var clock = Stopwatch.StartNew();
        await agent.SendAsync(AgentHost.Logs("app", 0, 1));
        await doppler.WaitForAsync(got => got.Count == 2, "the lone envelope");
        TestContext.Current.TestOutputHelper?.WriteLine($"Arrived after {clock.Elapsed.TotalMilliseconds:0.0} ms.");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 2, "the answers");
    }

    [Fact]
    public async Task ManyBatches_TwoLanes_ArriveInOrderOnceAndAreConfirmed()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var agent = await AgentHost.StartAsync(o => (o.Dopplers, o.Lanes) = ([doppler.Address], 2));
        for (var i = 0; i < 200; i++)
        {
            await agent.SendAsync(AgentHost.Logs($"s{i % 10}", i / 10 * 50, 50));
        }

        await doppler.WaitForAsync(got => got.Count >= 10_000, "10,000 envelopes");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 10_000, "all answers");
        AssertComplete(doppler.Received, sources: 10, each: 1000);
        Assert.Equal([0u, 1u], doppler.Received.Select(g => g.Lane).Distinct().Order());
        Assert.Equal((0, 0), (agent.Counters.Resent, agent.Counters.Lost));
    }

    [Fact]
    public async Task DopplerKilled_UnansweredBatches_GoToTheNextOwnerMarkedResent()
    {
        await using var a = await AgentFakeDoppler.StartAsync("a");
        await using var b = await AgentFakeDoppler.StartAsync("b");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [a.Address, b.Address]);
        var (owner, other) = OwnerFirst(a, b);
        var moves = await SettledAsync(agent, owner);
        await agent.SendAsync(AgentHost.Logs("s0", 0, 10));
        await agent.UntilAsync(() => agent.Counters.Confirmed == 10, "the first answers");

        owner.Mute = true;
        for (var i = 1; i < 10; i++)
        {
            await agent.SendAsync(AgentHost.Logs("s0", i * 10, 10));
        }

        await owner.WaitForAsync(got => got.Count == 100, "the unanswered batches");
        await owner.DisposeAsync();

        await other.WaitForAsync(got => got.Count == 90, "what was unanswered");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 100, "all answers");
        Assert.All(other.Received, got => Assert.True(got.Resent));
        Assert.Equal((90, 90), (agent.Counters.Resent, agent.Counters.Lost));
        Assert.Equal(moves + 1, agent.Counters.Moves);
    }

    [Fact]
    public async Task SilentPartition_LaneMovesWithinTwoSecondsAndLosesNothing_AndComesBack()
    {
        await using var a = await AgentFakeDoppler.StartAsync("a");
        await using var b = await AgentFakeDoppler.StartAsync("b");
        await using var toA = new FaultProxy(a.Port, seed: 1);
        await using var toB = new FaultProxy(b.Port, seed: 2);
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [toA.Address, toB.Address]);
        var (owner, other) = OwnerFirst(a, b);
        var proxy = owner == a ? toA : toB;
        var moves = await SettledAsync(agent, owner);
        await agent.SendAsync(AgentHost.Logs("s0", 0, 100));
        await agent.UntilAsync(() => agent.Counters.Confirmed == 100, "the first answers");

        proxy.Stall();
        var clock = Stopwatch.StartNew();
        for (var i = 1; i < 10; i++)
        {
            await agent.SendAsync(AgentHost.Logs("s0", i * 100, 100));
        }

        await other.WaitForAsync(got => got.Count >= 900, "what the silent one did not answer");
        TestContext.Current.TestOutputHelper?.WriteLine($"Moved after {clock.Elapsed.TotalSeconds:0.00} s.");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 1000, "all answers");
        AssertComplete([.. owner.Received, .. other.Received], sources: 1, each: 1000, duplicatesAllowed: true);

        proxy.Resume();
        await agent.UntilAsync(() => agent.Counters.Moves == moves + 2, "the lane's return");
        await agent.SendAsync(AgentHost.Logs("s0", 1000, 1));
        await owner.WaitForAsync(got => got.Any(g => g.Sequence == 1001), "the next envelope");
        await agent.UntilAsync(() => agent.Counters.Confirmed == 1001, "its answer");
    }

    [Fact]
    public async Task StreamBreaks_SameDoppler_GetsTheSameNumbersAgainAndDropsDuplicates()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        doppler.BreakAfter = 3;
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [doppler.Address]);
        for (var i = 0; i < 20; i++)
        {
            await agent.SendAsync(AgentHost.Logs("s0", i * 10, 10));
        }

        await doppler.WaitForAsync(got => got.Count >= 200, "200 envelopes");
        doppler.BreakAfter = 0;
        await agent.UntilAsync(() => agent.Counters.Confirmed == 200, "all answers");

        AssertComplete(doppler.Received, sources: 1, each: 200);
        Assert.All(doppler.Received, got => Assert.False(got.Resent)); // the same Doppler: its number says it all
        Assert.NotEqual(0, agent.Counters.Resent);
        await agent.UntilAsync(() => agent.Counters.Duplicates > 0, "duplicates told by the Doppler");
    }

    [Fact]
    public async Task DopplerLeaves_LaneFinishesThereAndMovesWithoutSendingAnythingTwice()
    {
        await using var a = await AgentFakeDoppler.StartAsync("a");
        await using var b = await AgentFakeDoppler.StartAsync("b");
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [a.Address, b.Address]);
        var (owner, other) = OwnerFirst(a, b);
        var moves = await SettledAsync(agent, owner);
        await agent.SendAsync(AgentHost.Logs("s0", 0, 10));
        await agent.UntilAsync(() => agent.Counters.Confirmed == 10, "the first answers");

        owner.Leaving = true;
        for (var i = 1; i < 50; i++)
        {
            await agent.SendAsync(AgentHost.Logs("s0", i * 10, 10));
        }

        await agent.UntilAsync(() => agent.Counters.Moves == moves + 1, "the move");
        await agent.SendAsync(AgentHost.Logs("s0", 500, 10));
        await agent.UntilAsync(() => agent.Counters.Confirmed == 510, "all answers");
        AssertComplete([.. owner.Received, .. other.Received], sources: 1, each: 510);
        Assert.NotEmpty(other.Received);
        Assert.Equal((0, 0), (agent.Counters.Resent, agent.Counters.Lost));
    }

    [Fact]
    public async Task NoDoppler_RingOverflows_QuietSourceLosesNothingAndTheLoudOnesGapAddsUp()
    {
        await using var reserved = await AgentFakeDoppler.StartAsync("a");
        var port = reserved.Port;
        await reserved.DisposeAsync();
        await using var agent = await AgentHost.StartAsync(o => (o.Dopplers, o.RingBytes) = ([$"127.0.0.1:{port}"], 1024 * 1024));
        for (var i = 0; i < 100; i++)
        {
            await agent.SendAsync(AgentHost.Logs("loud", i * 100, 100));
            await agent.SendAsync(AgentHost.Logs("quiet", i, 1));
        }

        var lost = agent.Counters.Dropped(LossReason.RingFull);
        Assert.InRange(lost, 1, 10_000);

        await using var doppler = await AgentFakeDoppler.StartAsync("a", port);
        await doppler.WaitForAsync(got => got.Count(g => g.Source == "quiet") == 100, "the quiet source");
        await agent.UntilAsync(() => agent.Counters.InFlight == 0 && agent.Counters.Held == 0, "all answers");
        var gaps = doppler.Received.Where(g => g.Header.Flags.HasFlag(EnvelopeFlags.GapRecord)).ToArray();
        Assert.All(gaps, gap => Assert.Equal("loud", gap.Source));
        Assert.Equal(lost, gaps.Sum(Count));
        Assert.Equal(10_000, lost + doppler.Received.Count(g => g.Source == "loud") - gaps.Length);
        Assert.Equal(gaps.Length, agent.Counters.Generated);
        Assert.Single(gaps.Select(gap => NumberOf(gap).Epoch).Distinct());
        Assert.Equal(Enumerable.Range(1, gaps.Length).Select(number => (ulong)number), gaps.Select(gap => NumberOf(gap).Sequence));

        static (uint Epoch, ulong Sequence) NumberOf(AgentFakeDoppler.Got gap) =>
            Stamp.TryRead(gap.Bytes, gap.Header, out var epoch, out var sequence) ? (epoch, sequence) : throw new InvalidOperationException("Not numbered.");

        static long Count(AgentFakeDoppler.Got gap) =>
            GapRecord.TryRead(gap.Bytes, gap.Header, out var fields) && fields.Hop.SequenceEqual("agent"u8) && fields.Reason.SequenceEqual("ring_full"u8)
                ? (long)fields.Count
                : throw new InvalidOperationException("Not a gap record of the agent's ring.");
    }

    [Fact]
    public async Task Stop_WithHeldEnvelopes_HandsThemAllOn()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var proxy = new FaultProxy(doppler.Port, seed: 3);
        await using var agent = await AgentHost.StartAsync(o => o.Dopplers = [proxy.Address]);
        await agent.UntilAsync(() => agent.Service.Ready, "a link to the Doppler");
        proxy.Stall();
        for (var i = 0; i < 50; i++)
        {
            await agent.SendAsync(AgentHost.Logs("s0", i * 100, 100));
        }

        var stop = agent.StopAsync();
        proxy.Resume();
        await stop;

        AssertComplete(doppler.Received, sources: 1, each: 5000, duplicatesAllowed: true);
        Assert.Equal((5000, 0), (agent.Counters.Confirmed, agent.Counters.Dropped(LossReason.Shutdown)));
    }

    [Fact]
    public async Task Stop_NoDoppler_CountsWhatIsLeft()
    {
        await using var agent = await AgentHost.StartAsync(o => (o.Dopplers, o.DrainDeadline) = (["127.0.0.1:1"], TimeSpan.FromMilliseconds(100)));
        await agent.SendAsync(AgentHost.Logs("s0", 0, 100));
        for (var quiet = 1; quiet <= 6; quiet++)
        {
            await agent.SendAsync(AgentHost.Logs($"s{quiet}", 0, 1 + quiet));
        }

        await agent.UntilAsync(() => agent.LogLines.Any(line => line.Contains("No Doppler answers", StringComparison.Ordinal)), "told that no Doppler answers");
        await agent.StopAsync();

        Assert.Equal(127, agent.Counters.Dropped(LossReason.Shutdown));
        Assert.Single(agent.LogLines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.EndsWith(
            "The Doppler at 127.0.0.1:1 cannot be reached: nothing listens there (connection refused). It is tried again, at least every 5 s.", StringComparison.Ordinal));
        Assert.Single(agent.LogLines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.EndsWith(
            "No Doppler took the last 127 envelopes before the stop, and they are lost: "
            + "100 of 's0', 7 of 's6', 6 of 's5', 5 of 's4', 4 of 's3', 5 of 2 other sources.", StringComparison.Ordinal));
        Assert.False(agent.Service.Ready);
    }

    [Fact]
    public async Task OriginalDoppler_GetsBatchSender_AndABreakIsCountedUnconfirmed()
    {
        await using var doppler = await AgentFakeDoppler.StartAsync("a");
        await using var proxy = new FaultProxy(doppler.Port, seed: 4);
        await using var agent = await AgentHost.StartAsync(o => (o.Dopplers, o.OriginalDopplers) = ([proxy.Address], true));
        await agent.SendAsync(AgentHost.Logs("s0", 0, 100));
        await doppler.WaitForAsync(got => got.Count == 100, "the first envelopes");

        proxy.Cut();
        await agent.UntilAsync(() => agent.Counters.Dropped(LossReason.Unconfirmed) == 100, "the unconfirmed count"); // younger than two seconds
        await agent.SendAsync(AgentHost.Logs("s0", 100, 100));
        await doppler.WaitForAsync(got => got.Count(g => g.Header.Type == EnvelopeType.Log) == 200, "the next envelopes");

        var gap = Assert.Single(doppler.Received, g => g.Header.Flags.HasFlag(EnvelopeFlags.GapRecord));
        Assert.True(GapRecord.TryRead(gap.Bytes, gap.Header, out var fields));
        Assert.True(fields.UpperBound);
        Assert.Equal(100UL, fields.Count);
        await agent.StopAsync(); // half-closes, so that the rest is confirmed by the orderly end
        Assert.Equal((101, 100), (agent.Counters.Confirmed, agent.Counters.Lost));
    }

    /// <summary>Who owns lane 0 of the test's agent is a pure function of the names.</summary>
    private static (AgentFakeDoppler Owner, AgentFakeDoppler Other) OwnerFirst(AgentFakeDoppler a, AgentFakeDoppler b) =>
        Rendezvous.Owner(Hash("test-agent/0"), [Hash(a.Id), Hash(b.Id)]) == 0 ? (a, b) : (b, a);

    private static ulong Hash(string text) => Rendezvous.Hash(Encoding.UTF8.GetBytes(text));

    /// <summary>Waits until lane 0 is with its owner; returns how often it has moved until then.</summary>
    private static async Task<long> SettledAsync(AgentHost agent, AgentFakeDoppler owner)
    {
        await agent.UntilAsync(() => agent.LogLines.Any(l => l.Contains($"Lane 0 goes to Doppler {owner.Id}", StringComparison.Ordinal)), "lane 0 at its owner");
        return agent.Counters.Moves;
    }

    private static void AssertComplete(IReadOnlyList<AgentFakeDoppler.Got> received, int sources, int each, bool duplicatesAllowed = false)
    {
        var bySource = received.GroupBy(g => g.Source).ToArray();
        Assert.Equal(sources, bySource.Length);
        foreach (var source in bySource)
        {
            var sequences = source.Select(g => g.Sequence).ToArray();
            Assert.Equal(Enumerable.Range(1, each).Select(i => (ulong)i), duplicatesAllowed ? sequences.Distinct().Order() : sequences);
        }
    }
}
