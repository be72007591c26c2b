using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Loggregator.Doppler;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Nozzle;
using Loggregator.Nozzle.Delivery;
using Loggregator.Pipeline.Flow;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Faults;
using Loggregator.TestKit.Sinks;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Nozzles;

/// <summary>The nozzle role in a cluster: from producers to sinks.</summary>
public sealed class NozzleTests : ClusterTest, IAsyncDisposable
{
    private static readonly string[] Apps = [.. Enumerable.Range(0, 10).Select(app => $"app-{app}")];
    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-sinks-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task Sinks_EachWithItsFilter_GetTheirSharesCompleteAndInOrder()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(dopplers: 2, nozzles: 1, FileUrl("all"), FileUrl("one") + "?sources=app-1", FileUrl("some") + "?sources=app-*,!app-1&match=7$", FileUrl("live") + "?mode=live");
        var load = Load(cluster.Produce(cluster.Agents[0]), Apps);
        await load.MoreAsync(3000, cancel);
        await load.StopAsync();
        await WrittenAsync("all", load.Total);
        await WrittenAsync("live", load.Total);
        await WrittenAsync("one", load.Accepted("app-1"));
        var sevens = Apps.Where(app => app != "app-1").Sum(app => Enumerable.Range(0, (int)load.Accepted(app)).Count(number => number % 10 == 7));
        await WrittenAsync("some", sevens);
        AssertComplete("all", load);
        AssertComplete("live", load);
        Assert.Equal(["app-1"], Read("one").Sources);
        Assert.All(Read("some").Sources.SelectMany(app => Read("some").Numbers(app)), number => Assert.Equal(7, number % 10));
    }

    [Fact(Timeout = 120_000)]
    public async Task DeadSink_BesideAHealthyOne_TheHealthyNeverNotices_AndTheDeadLosesNothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var stop = new CancellationTokenSource();
        using var receiver = new TcpListener(IPAddress.Loopback, 0);
        receiver.Start();
        await using var link = new FaultProxy(((IPEndPoint)receiver.LocalEndpoint).Port, seed: 1);
        link.Cut(refuse: true);
        var dead = $"dead=syslog://{link.Address}?format=json&framing=newline&buffer=1MiB&retry-max=1s";
        var cluster = await StartAsync(dopplers: 1, nozzles: 1, FileUrl("healthy"), dead);
        cluster.Errors.Expect("stores nothing");
        var load = Load(cluster.Produce(cluster.Agents[0]), Apps, bytes: 1000);
        await Deadline.UntilAsync(() => Pipe(cluster, "dead").Trouble is not null, () => "the dead sink's spool is full", cancel);
        await load.MoreAsync(2000, cancel);
        await load.StopAsync();
        await WrittenAsync("healthy", load.Total);
        AssertComplete("healthy", load);
        var pipe = Pipe(cluster, "dead");
        Assert.Equal(0, pipe.Counters.Delivered);
        Assert.NotEqual(SinkState.Delivering, pipe.Counters.State);
        using var health = JsonDocument.Parse(await HealthAsync(cluster.Nozzles[0]));
        Assert.Equal("degraded", health.RootElement.GetProperty("status").GetString());
        var told = health.RootElement.GetProperty("sinks").EnumerateArray().Single(sink => sink.GetProperty("name").GetString() == "dead");
        Assert.Contains("connection", told.GetProperty("last_error").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.True(told.GetProperty("backlog_bytes").GetInt64() > 500_000 && told.GetProperty("lag").GetDouble() > 0 && told.TryGetProperty("trouble", out _), told.GetRawText());

        // It comes alive: all that waited on disk and at the Doppler arrives.
        link.Restore();
        var received = LinesAsync(receiver, Path.Combine(_folder, "dead.ndjson"), stop.Token);
        await WrittenAsync("dead", load.Total);
        AssertComplete("dead", load);
        await Deadline.UntilAsync(() => pipe.Counters.Backlog.Records == 0 && pipe.Trouble is null, () => "the backlog is gone", cancel);
        await stop.CancelAsync();
        await received;
    }

    [Fact(Timeout = 120_000)]
    public async Task LiveSink_ThatStands_LosesOfTheLoudOne_AndIsToldHowMuch()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var stop = new CancellationTokenSource();
        using var receiver = new TcpListener(IPAddress.Loopback, 0);
        receiver.Start();
        var url = $"live=syslog://127.0.0.1:{((IPEndPoint)receiver.LocalEndpoint).Port}?format=json&framing=newline&mode=live&buffer=2MiB";
        var cluster = await StartAsync(dopplers: 1, nozzles: 1, url);
        var producer = cluster.Produce(cluster.Agents[0]);
        await producer.SendAsync("quiet", 0, 20, cancel);
        var live = Pipe(cluster, "live");
        await Deadline.UntilAsync(() => live.Intake.Received >= 20, () => "the quiet lines are there", cancel);
        for (var number = 0; live.Live!.Dropped(LossReason.RingFull) < 1000; number += 1000)
        {
            await producer.SendAsync("loud", number, 1000, cancel, bytes: 2000);
        }

        var received = LinesAsync(receiver, Path.Combine(_folder, "live.ndjson"), stop.Token);
        await Deadline.UntilAsync(() => live.Counters.Backlog.Records == 0 && live.Counters.InFlight == 0, () => "all is delivered", cancel);
        await Deadline.UntilAsync(() => Read("live").Gaps.Sum(gap => gap.Count) == live.Live.Dropped(LossReason.RingFull), () => "the losses are told", cancel);
        var file = Read("live");
        Assert.All(file.Gaps, gap => Assert.Equal(("loud", "nozzle", "ring_full"), (gap.Source, gap.Hop, gap.Reason)));
        Assert.Equal(Enumerable.Range(0, 20).Select(number => (long)number), file.Numbers("quiet"));
        Assert.Equal(file.Numbers("loud").Order(), file.Numbers("loud"));
        await stop.CancelAsync();
        await received;
    }

    [Fact(Timeout = 120_000)]
    public async Task Nozzle_StoppedAndStarted_GoesOnWithoutGapOrCopy()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(dopplers: 2, nozzles: 1, FileUrl("all"));
        var load = Load(cluster.Produce(cluster.Agents[0]), Apps);
        for (var round = 0; round < 3; round++)
        {
            await load.MoreAsync(500, cancel);
            await cluster.Nozzles[0].StopAsync();
            await load.MoreAsync(500, cancel);
            await cluster.Nozzles[0].StartAsync(cancel);
        }

        await load.StopAsync();
        await WrittenAsync("all", load.Total);
        AssertComplete("all", load);
        Assert.Equal(0, Read("all").Duplicates);
        Assert.Empty(Read("all").Gaps);
    }

    [Fact(Timeout = 120_000)]
    public async Task WhatTheLogEvictedMeanwhile_IsAGapRecordInTheSink_AndTheSumIsExact()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(dopplers: 1, nozzles: 1, new Dictionary<string, string> { ["Doppler:LogBytes"] = "4MiB" }, FileUrl("all"));
        var producer = cluster.Produce(cluster.Agents[0]);
        await producer.SendAsync("app-0", 0, 100, cancel);
        await WrittenAsync("all", 100);
        await cluster.Nozzles[0].StopAsync();
        const int More = 20_000;
        await producer.SendAsync("app-0", 100, More, cancel, bytes: 1000);
        var doppler = cluster.Dopplers[0].Services.GetRequiredService<DopplerCounters>();
        await Deadline.UntilAsync(() => doppler.Appended >= 100 + More, () => "the Doppler has them all", cancel);
        await cluster.Nozzles[0].StartAsync(cancel);
        await Deadline.UntilAsync(
            () => Read("all") is var now && now.Count + now.Gaps.Sum(gap => gap.Count) == 100 + More, () => $"delivered and told are all: {Read("all").Count}, {string.Join(' ', Read("all").Gaps)}", cancel);
        Assert.All(Read("all").Gaps, gap => Assert.Equal(("app-0", "doppler", "evicted"), (gap.Source, gap.Hop, gap.Reason)));
        Assert.True(Read("all").Count > 100, "something is left of the log");
    }

    [Fact(Timeout = 120_000)]
    public async Task ForeignEgress_IsReadToo()
    {
        var cancel = TestContext.Current.CancellationToken;
        var rlp = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        var options = new NozzleOptions
        {
            Egress = rlp.TrafficControllers[0].GrpcAddress,
            Sink = [FileUrl("all")],
            Spool = Path.Combine(_folder, "spool"),
        };
        await using var nozzle = new LooseNozzle(options, rlp.Errors);
        await nozzle.StartAsync();
        await rlp.SubscribedAsync(1, cancel);
        var load = Load(rlp.Produce(rlp.Agents[0]), Apps);
        await load.MoreAsync(1000, cancel);
        await load.StopAsync();
        await WrittenAsync("all", load.Total);
        AssertComplete("all", load);
        await nozzle.StopAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task LiveSink_ThatIsTakenAwayWhileItsReceiverIsDown_CountsWhatItHeldAndWhatWasUnderWay()
    {
        var cancel = TestContext.Current.CancellationToken;
        var live = $"live=syslog://127.0.0.1:{PeerProcess.FreePort()}?mode=live";
        var settings = new Dictionary<string, string> { ["Nozzle:DrainDeadline"] = "00:00:00.2" };
        var cluster = await StartAsync(dopplers: 1, nozzles: 1, settings, FileUrl("all"), live);
        var pipe = Pipe(cluster, "live");
        await cluster.Produce(cluster.Agents[0]).SendAsync("app-0", 0, 5000, cancel);
        await Deadline.UntilAsync(() => pipe.Live!.Appended == 5000 && pipe.Counters.InFlight > 0, () => $"{pipe.Live!.Appended} of 5000", cancel);
        await cluster.Nozzles[0].Services.GetRequiredService<NozzleService>().ReloadAsync(new NozzleOptions { Sink = [FileUrl("all")] });
        Assert.True(pipe.Live!.Dropped(LossReason.Unconfirmed) > 0);
        Assert.Equal(5000, pipe.Live.Dropped(LossReason.Unconfirmed) + pipe.Live.Dropped(LossReason.Shutdown));
        Assert.Equal(0, pipe.Live.Backlog.Records);
        await WrittenAsync("all", 5000);
    }

    [Fact(Timeout = 120_000)]
    public async Task Reload_ChangesFiltersInPlace_AddsAndRemovesSinks()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(dopplers: 1, nozzles: 1, FileUrl("kept") + "?sources=app-0", FileUrl("gone"));
        var nozzle = cluster.Nozzles[0].Services.GetRequiredService<NozzleService>();
        var kept = Pipe(cluster, "file-kept");
        var producer = cluster.Produce(cluster.Agents[0]);
        await producer.SendAsync("app-0", 0, 10, cancel);
        await WrittenAsync("kept", 10);
        await WrittenAsync("gone", 10);

        await nozzle.ReloadAsync(new NozzleOptions { Sink = [FileUrl("kept") + "?sources=app-[0-9]&sources=app-0&match=[02468]$", FileUrl("new")] });
        Assert.Same(kept, Pipe(cluster, "file-kept"));
        Assert.DoesNotContain(nozzle.Pipes, pipe => pipe.Definition.Name == "file-gone");
        await Deadline.UntilAsync(() => nozzle.Ready, () => "the new sink has joined", cancel);
        await producer.SendAsync("app-0", 10, 10, cancel);
        await WrittenAsync("new", 10);
        await WrittenAsync("kept", 15);
        Assert.Equal(10, Read("gone").Count);

        // Other selectors are another subscription: the sink starts anew and goes on where it stood.
        await nozzle.ReloadAsync(new NozzleOptions { Sink = [FileUrl("kept") + "?selectors=log", FileUrl("new")] });
        Assert.NotSame(kept, Pipe(cluster, "file-kept"));
        await Deadline.UntilAsync(() => nozzle.Ready, () => "the changed sink has joined", cancel);
        await producer.SendAsync("app-0", 20, 10, cancel);
        await WrittenAsync("kept", 25);
        await WrittenAsync("new", 20);
    }

    private static SinkPipe Pipe(InProcessCluster cluster, string sink) => Pipe(cluster.Nozzles[0], sink);

    private static SinkPipe Pipe(ClusterRole nozzle, string sink) =>
        nozzle.Services.GetRequiredService<NozzleService>().Pipes.Single(pipe => pipe.Definition.Name == sink);

    private static async Task<string> HealthAsync(ClusterRole nozzle)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{nozzle.MetricsPort}/health"), Cancel);
    }

    // What a receiver gets, as a file.
    private static async Task LinesAsync(TcpListener receiver, string path, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using var client = await receiver.AcceptTcpClientAsync(stop);
                using var reader = new StreamReader(client.GetStream());
                await using var file = new StreamWriter(path, append: true) { AutoFlush = true };
                while (await reader.ReadLineAsync(stop) is { } line)
                {
                    await file.WriteLineAsync(line);
                }
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            // The end of the receiver.
        }
    }

    private string FileUrl(string name) => $"file://{Path.Combine(_folder, name)}";

    private SinkFile Read(string name) => SinkFile.Of(Path.Combine(_folder, name) is var path && File.Exists(path) ? path : path + ".ndjson");

    private Task WrittenAsync(string name, long lines) =>
        Deadline.UntilAsync(() => Read(name).Count >= lines, () => $"{lines} lines in {name}, {Read(name).Count} are", Cancel, TimeSpan.FromSeconds(60));

    private void AssertComplete(string name, SteadyLoad load)
    {
        var file = Read(name);
        foreach (var app in Apps)
        {
            Assert.Equal(Enumerable.Range(0, (int)load.Accepted(app)).Select(number => (long)number), file.Numbers(app));
        }
    }

    private Task<InProcessCluster> StartAsync(int dopplers, int nozzles, params string[] sinks) => StartAsync(dopplers, nozzles, new Dictionary<string, string>(), sinks);

    private Task<InProcessCluster> StartAsync(int dopplers, int nozzles, Dictionary<string, string> settings, params string[] sinks) => StartAsync(new ClusterOptions
    {
        Dopplers = dopplers,
        Agents = 1,
        TrafficControllers = 0,
        Nozzles = nozzles,
        Settings = settings,
        Lists = new Dictionary<string, string[]> { ["Nozzle:Sink"] = sinks },
    });
}
