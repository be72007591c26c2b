using System.Globalization;
using Loggregator.Client;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

public sealed class NozzleConsumerTests : ClusterTest
{
    private const int Lines = 100;
    private static readonly string[] Sources = [.. Enumerable.Range(0, 12).Select(source => $"app-{source}")];
    private static readonly NozzleQuery Query = new() { ShardId = "siem", Types = EnvelopeTypes.Log };

    [Fact(Timeout = 120_000)]
    public async Task Member_Killed_WhatItHadInHandComesToTheOtherUnderTheSameIds()
    {
        var cluster = await StartAsync(Small(dopplers: 2));
        await using var victim = new NozzleReading(cluster.Dopplers, Query, hangs: true);
        await using var other = new NozzleReading(cluster.Dopplers, Query);
        await victim.JoinedAsync();
        await other.JoinedAsync();
        await SendAsync(cluster, from: 0, TestContext.Current.CancellationToken);
        await victim.UntilAsync(() => victim.Lines.Count + other.Lines.Count == Lines * Sources.Length, "the members have got all lines");
        var inHand = victim.Lines;
        Assert.NotEmpty(inHand);
        Assert.NotEmpty(other.Lines);
        Assert.True(victim.UnacknowledgedBytes > 0);

        await victim.KillAsync();
        await other.UntilAsync(() => other.Lines.Count == Lines * Sources.Length, "the other has got all lines");
        Assert.All(inHand, line => Assert.Equal(line.Value, other.Lines[line.Key]));
        Assert.Empty(other.Gaps);
        AssertWhole(other, 0, Lines);
    }

    [Fact(Timeout = 120_000)]
    public async Task Member_ThatIsDisposed_HasNothingSentTwice()
    {
        var cluster = await StartAsync(Small(dopplers: 2));
        await using var leaver = new NozzleReading(cluster.Dopplers, Query);
        await leaver.JoinedAsync();
        await SendAsync(cluster, from: 0, TestContext.Current.CancellationToken);
        await leaver.UntilAsync(() => leaver.Lines.Count == Lines * Sources.Length, "all lines");
        await leaver.DisposeAsync();
        await using var next = new NozzleReading(cluster.Dopplers, Query);
        await next.JoinedAsync();
        await SendAsync(cluster, from: Lines, TestContext.Current.CancellationToken);
        await next.UntilAsync(() => next.Lines.Count == Lines * Sources.Length, "the lines that came after");
        AssertWhole(next, Lines, Lines);
    }

    [Fact(Timeout = 120_000)]
    public async Task Log_ThatIsFullBeforeTheMemberReads_TellsExactlyWhatItLost()
    {
        const int LineBytes = 4096;
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1, ("Doppler:LogBytes", "2097152")));
        await using var member = new NozzleReading(cluster.Dopplers, Query, window: 64 * 1024, hangs: true);
        await member.JoinedAsync();
        var counters = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();
        var producer = cluster.Produce(cluster.Agents[0]);
        var sent = 0;
        for (; counters.Groups.Sum(group => group.Dropped) == 0; sent += 20)
        {
            await producer.SendAsync("app-0", sent, 20, cancel, bytes: LineBytes);
            await Deadline.UntilAsync(() => counters.Appended >= sent, () => $"{sent} lines are appended, {counters.Appended} are", cancel);
        }

        await member.UntilAsync(
            () =>
            {
                member.AcknowledgeAll();
                return member.Lines.Count + member.Gaps.Sum(gap => gap.Count) >= sent;
            },
            $"{sent} lines have come or are told as lost");
        Assert.Equal(sent, member.Lines.Count + member.Gaps.Sum(gap => gap.Count));
        Assert.All(member.Gaps, gap => Assert.Equal(("app-0", "doppler", "evicted", false), (gap.SourceId, gap.Hop, gap.Reason, gap.IsUpperBound)));
        Assert.All(member.Gaps, gap => Assert.True(gap.First <= gap.Last, $"from {gap.First} to {gap.Last}"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Cursor_OfTheLastBatch_ResumesAGroupThatIsForgotten()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1, ("Doppler:GroupKeep", "00:00:00")));
        await using var first = new NozzleReading(cluster.Dopplers, Query);
        await first.JoinedAsync();
        await SendAsync(cluster, from: 0, TestContext.Current.CancellationToken);
        await first.UntilAsync(() => first.Lines.Count == Lines * Sources.Length, "all lines");
        var cursor = first.Cursor;
        await first.DisposeAsync();
        var counters = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();
        await Deadline.UntilAsync(() => counters.Groups.Count == 0, () => "the group is forgotten", cancel);
        await SendAsync(cluster, from: Lines, TestContext.Current.CancellationToken);

        await using var second = new NozzleReading(cluster.Dopplers, Query with { Cursor = cursor });
        await second.UntilAsync(() => second.Lines.Count >= Lines * Sources.Length, "the lines behind the cursor");
        AssertWhole(second, Lines, Lines);
        var gap = Assert.Single(second.Gaps); // the others of the group may have had more in hand
        Assert.Equal(("doppler", "evicted", 0L), (gap.Hop, gap.Reason, gap.Count));
    }

    [Fact(Timeout = 120_000)]
    public async Task Enumeration_ThatIsCancelled_GoesOnWhereItEnded_AndEndsWithTheConsumer()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(Small(dopplers: 1));
        await using var consumer = new NozzleConsumer(new NozzleOptions { Dopplers = [cluster.Dopplers[0].GrpcAddress] }, Query with { Since = DateTimeOffset.UnixEpoch });
        await SendAsync(cluster, from: 0, cancel, bytes: 1000);
        var numbers = new List<(string, long)>();
        var batches = 0;
        while (numbers.Count < Lines * Sources.Length)
        {
            using var once = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (var batch in consumer.ReadAllAsync(once.Token))
                {
                    numbers.AddRange(batch.Records.Select(record => (record.Envelope.SourceId, NumberOf(record))));
                    batches++;
                    batch.Acknowledge();
                    await once.CancelAsync();
                }
            });
        }

        Assert.True(batches > 3, "more than one had come when it was cancelled");
        Assert.Equal(Lines * Sources.Length, numbers.Distinct().Count());
        Assert.Equal(Lines * Sources.Length, numbers.Count);
        await using var reader = consumer.ReadAllAsync(cancel).GetAsyncEnumerator(cancel);
        var next = reader.MoveNextAsync();
        Assert.Contains("one reader", (await Assert.ThrowsAsync<InvalidOperationException>(() => ReadOnceAsync(consumer, cancel))).Message, StringComparison.Ordinal);
        await consumer.DisposeAsync();
        Assert.False(await next);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadOnceAsync(consumer, cancel));
    }

    [Fact(Timeout = 120_000)]
    public async Task MutualTls_WithTheNozzlesCertificate_Reads_AndWithAnotherOneSaysWhyNot()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 0, MutualTls = true });
        var options = new NozzleOptions { Dopplers = [cluster.Dopplers[0].GrpcAddress], Tls = cluster.ClientTls("nozzle") };
        await using (var consumer = new NozzleConsumer(options, Query with { Since = DateTimeOffset.UnixEpoch }))
        {
            await cluster.Produce(cluster.Agents[0]).SendAsync("app-0", 7, 1, cancel);
            await using var reader = consumer.ReadAllAsync(cancel).GetAsyncEnumerator(cancel);
            Assert.True(await reader.MoveNextAsync());
            var (id, envelope) = Assert.Single(reader.Current.Records);
            Assert.Equal(("app-0", "7"), (envelope.SourceId, ((LogEnvelope)envelope).Text));
            Assert.Matches($"^{id.Doppler}/[0-9a-f]{{16}}/{id.Position}$", id.ToString());
            reader.Current.Acknowledge();
        }

        options.Tls = cluster.ClientTls();
        Assert.Contains("PermissionDenied", await WhyNotAsync(options, cancel), StringComparison.Ordinal);
        options.Tls = null;
        Assert.Contains(options.Dopplers[0], await WhyNotAsync(options, cancel), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task WrongPeers_EachAreNamedWithWhatIsWrong()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        var options = new NozzleOptions { Dopplers = ["127.0.0.1:1", cluster.TrafficControllers[0].GrpcAddress] };
        var why = await WhyNotAsync(options, cancel);
        Assert.Contains("127.0.0.1:1: nothing listens there (connection refused)", why, StringComparison.Ordinal);
        Assert.Contains("it is a Traffic Controller", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_WithWhatIsOfNoUse_NamesItAndTheCure()
    {
        AssertRefused("NozzleQuery.ShardId", new NozzleOptions(), new NozzleQuery());
        AssertRefused("NozzleQuery.Cursor", new NozzleOptions(), Query with { Cursor = "tomorrow" });
        AssertRefused("null", new NozzleOptions(), Query with { SourceIds = null! });
        AssertRefused("NozzleOptions.Dopplers names none", new NozzleOptions { Dopplers = [] }, Query);
        AssertRefused("'doppler'", new NozzleOptions { Dopplers = ["127.0.0.1:8082", "doppler"] }, Query);
        AssertRefused("NozzleOptions.Member", new NozzleOptions { Member = new string('m', 257) }, Query);
        AssertRefused("NozzleOptions.WindowBytes", new NozzleOptions { WindowBytes = 0 }, Query);
        AssertRefused("NozzleOptions.JoinTimeout", new NozzleOptions { JoinTimeout = TimeSpan.Zero }, Query);
        AssertRefused("NozzleOptions.CloseTimeout", new NozzleOptions { CloseTimeout = Timeout.InfiniteTimeSpan }, Query);
        Assert.Throws<CredentialsException>(() => new NozzleConsumer(new NozzleOptions { Tls = new ClientTls() }, Query));
        Assert.Contains("/nowhere.crt", Assert.Throws<CredentialsException>(() => new NozzleConsumer(
            new NozzleOptions { Tls = new ClientTls { CertificateFile = "/nowhere.crt", KeyFile = "/nowhere.key", AuthorityFile = "/nowhere.ca" } }, Query)).Message, StringComparison.Ordinal);
    }

    private static void AssertRefused(string name, NozzleOptions options, NozzleQuery query) =>
        Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(() => new NozzleConsumer(options, query)).Message, StringComparison.Ordinal);

    private static void AssertWhole(NozzleReading reading, int from, int count)
    {
        foreach (var source in reading.Lines.GroupBy(line => line.Value.Source))
        {
            Assert.Equal(Enumerable.Range(from, count).Select(number => (long)number), source.Select(line => line.Value.Number).Order());
        }

        Assert.Equal(Sources.Length, reading.Lines.Values.Select(line => line.Source).Distinct().Count());
    }

    private static ClusterOptions Small(int dopplers, params (string Key, string Value)[] settings) => new()
    {
        Dopplers = dopplers,
        Agents = 1,
        TrafficControllers = 0,
        Settings = settings.ToDictionary(setting => setting.Key, setting => setting.Value),
    };

    private static long NumberOf(NozzleRecord record) => long.Parse(((LogEnvelope)record.Envelope).Text.Split(' ')[0], CultureInfo.InvariantCulture);

    private static async Task SendAsync(InProcessCluster cluster, int from, CancellationToken cancel, int bytes = 0)
    {
        var producer = cluster.Produce(cluster.Agents[0]);
        foreach (var source in Sources)
        {
            await producer.SendAsync(source, from, Lines, cancel, bytes: bytes);
        }
    }

    private static async Task ReadOnceAsync(NozzleConsumer consumer, CancellationToken cancel)
    {
        await using var reader = consumer.ReadAllAsync(cancel).GetAsyncEnumerator(cancel);
        await reader.MoveNextAsync();
    }

    private static async Task<string> WhyNotAsync(NozzleOptions options, CancellationToken cancel)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        options.Clock = time;
        await using var consumer = new NozzleConsumer(options, Query);
        var reading = ReadOnceAsync(consumer, cancel);
        await Deadline.UntilAsync(
            () => consumer.Dopplers.Count == options.Dopplers.Count && consumer.Dopplers.All(doppler => doppler.LastError is not null),
            () => $"every address was tried: {string.Join(", ", consumer.Dopplers)}",
            cancel);
        time.Advance(options.JoinTimeout);
        return (await Assert.ThrowsAsync<StreamBrokenException>(() => reading)).Message;
    }
}
