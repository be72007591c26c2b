using System.Globalization;
using Google.Protobuf;
using Loggregator.Client;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Originals;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

public sealed class ConsumerTests : ClusterTest
{
    [Fact(Timeout = 120_000)]
    public async Task TrafficController_RestartedUnderLoad_StreamGoesOnWithoutGapAndWithoutCopies()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        var controller = cluster.TrafficControllers[0];
        var load = Load(cluster.Produce(cluster.Agents[0]), ["app-0", "app-1"]);
        await load.MoreAsync(100, cancel);
        await using var reading = new Reading(Open(() => controller.HttpPort).StreamAsync(new StreamQuery { SourceIds = ["app-0", "app-1"], Lines = 10_000 }, cancel));
        await reading.UntilAsync(() => reading.Count<LogEnvelope>() > 200, "the stream is live");

        await controller.StopAsync();
        await reading.UntilAsync(() => reading.Count<StreamDisconnected>() > 0, "it has noticed");
        await load.MoreAsync(500, cancel);
        await controller.StartAsync(cancel);
        await reading.UntilAsync(() => reading.Count<StreamReconnected>() > 0, "it has connected again");
        await load.MoreAsync(500, cancel);
        await load.StopAsync();

        await reading.UntilAsync(() => reading.Count<LogEnvelope>() >= load.Total, $"all {load.Total} lines");
        Assert.Equal(0, reading.Count<StreamGap>());
        foreach (var source in new[] { "app-0", "app-1" })
        {
            Assert.Equal(Enumerable.Range(0, (int)load.Accepted(source)).Select(number => (long)number), reading.Numbers(source));
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Cursor_KeptByTheReader_ResumesAtAnotherTrafficController()
    {
        var cancel = TestContext.Current.CancellationToken;
        const int Lines = 300;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 2 });
        await cluster.Produce(cluster.Agents[0]).SendAsync("app-0", 0, Lines, cancel);
        var query = new StreamQuery { SourceIds = ["app-0"], Lines = 10_000 };
        var (seen, cursor) = (new List<long>(), "");
        await foreach (var log in Open(() => cluster.TrafficControllers[0].HttpPort).StreamAsync(query, cancel).OfType<LogEnvelope>())
        {
            cursor = log.Cursor;
            seen.Add(long.Parse(log.Text, CultureInfo.InvariantCulture));
            if (seen.Count == Lines)
            {
                break;
            }
        }

        await cluster.Produce(cluster.Agents[0]).SendAsync("app-0", Lines, Lines, cancel);
        var rest = await Open(() => cluster.TrafficControllers[1].HttpPort).StreamAsync(query with { Cursor = cursor }, cancel)
            .OfType<LogEnvelope>().Take(Lines).Select(log => long.Parse(log.Text, CultureInfo.InvariantCulture)).ToListAsync(cancel);
        Assert.Equal(Enumerable.Range(0, 2 * Lines).Select(number => (long)number), seen.Concat(rest));
    }

    [Fact(Timeout = 120_000)]
    public async Task FirehoseGroup_EachLineGoesToOneMember()
    {
        var cancel = TestContext.Current.CancellationToken;
        const int Lines = 200, Sources = 20;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 2 });
        var query = new StreamQuery { ShardId = "group", Types = EnvelopeTypes.Log };
        await using var one = new Reading(Open(() => cluster.TrafficControllers[0].HttpPort).StreamAsync(query, cancel));
        await using var two = new Reading(Open(() => cluster.TrafficControllers[1].HttpPort).StreamAsync(query, cancel));
        await cluster.SubscribedAsync(2, cancel);
        for (var source = 0; source < Sources; source++)
        {
            await cluster.Produce(cluster.Agents[0]).SendAsync($"app-{source}", 0, Lines, cancel);
        }

        await one.UntilAsync(() => one.Count<LogEnvelope>() + two.Count<LogEnvelope>() >= Lines * Sources, "all lines");
        Assert.True(one.Count<LogEnvelope>() > 0 && two.Count<LogEnvelope>() > 0);
        for (var source = 0; source < Sources; source++)
        {
            Assert.Equal(Enumerable.Range(0, Lines).Select(number => (long)number), one.Numbers($"app-{source}").Concat(two.Numbers($"app-{source}")).Order());
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task MutualTls_WithFiles_EmitsAndReads_AndWithoutTellsWhy()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1, MutualTls = true });
        var tls = cluster.ClientTls();
        using var consumer = new ReverseLogProxyConsumer(new ReverseLogProxyOptions { Address = cluster.TrafficControllers[0].GrpcAddress, Tls = tls });
        await using var reading = new Reading(consumer.StreamAsync(new EgressQuery { SourceIds = ["shop"], Types = EnvelopeTypes.Log }, cancel));
        await cluster.SubscribedAsync(1, cancel);

        await using var emitter = new Emitter(new EmitterOptions { Agent = cluster.Agents[0].GrpcAddress, SourceId = "shop", Tls = tls });
        emitter.Log("over TLS");
        Assert.Equal(1, (await emitter.FlushAsync(cancel)).Sent);
        await reading.UntilAsync(() => reading.Count<LogEnvelope>() == 1, "the line");

        await using var plain = new Emitter(
            new EmitterOptions { Agent = cluster.Agents[0].GrpcAddress, RetryFor = TimeSpan.Zero, TellLosses = false });
        plain.Log("in plaintext");
        Assert.Equal(1, (await plain.FlushAsync(cancel)).Lost);
        Assert.NotEmpty(plain.LastFailure);
    }

    [Fact(Timeout = 120_000)]
    public async Task ReverseLogProxy_OfTheOriginalsKind_IsReadAndDialledAgainWhenItWasAway()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var original = await OriginalDoppler.StartAsync(); // serves the same Egress
        using var consumer = new ReverseLogProxyConsumer(new ReverseLogProxyOptions { Address = original.Address });
        await using var reading = new Reading(consumer.StreamAsync(new EgressQuery { SourceIds = ["app-0"] }, cancel));
        await Deadline.UntilAsync(() => original.Receivers == 1, () => "it reads", cancel);
        original.Publish("app-0", isLog: true, v1: null, v2: Numbered.Line("app-0", "0", 1).ToByteArray());
        await reading.UntilAsync(() => reading.Count<LogEnvelope>() == 1, "the first line");

        await original.KillAsync();
        await reading.UntilAsync(() => reading.Count<StreamDisconnected>() > 0, "it has noticed");
        await original.ListenAsync();
        await Deadline.UntilAsync(() => original.Receivers == 1, () => "it reads again", cancel);
        original.Publish("app-0", isLog: true, v1: null, v2: Numbered.Line("app-0", "0", 2).ToByteArray());
        await reading.UntilAsync(() => reading.Count<LogEnvelope>() == 2, "the second line");
        Assert.Equal(1, reading.Count<StreamReconnected>());
        Assert.Equal([1L, 2L], reading.Numbers("app-0"));
    }

    private static Consumer Open(Func<int> port) => new(new ConsumerOptions { Url = new Uri("http://edge"), Handler = new ToPort(port) });

    /// <summary>Dials the port that a role has now: started again, it gets another.</summary>
    private sealed class ToPort(Func<int> port) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                request.RequestUri = new UriBuilder(request.RequestUri!) { Host = "127.0.0.1", Port = port() }.Uri;
            }
            catch (InvalidOperationException e)
            {
                throw new HttpRequestException("the role does not run", e);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
