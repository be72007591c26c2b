using System.Globalization;
using Grpc.Core;
using Loggregator.Client.Connect;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.LogCache;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Xunit;
using EgressClient = Loggregator.Protocol.LogCache.Egress.EgressClient;
using EnvelopeType = Loggregator.Protocol.LogCache.EnvelopeType;

namespace Loggregator.IntegrationTests.LogCache;

public sealed class LogCacheEgressTests : ClusterTest
{
    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAndMeta_OfSeveralDopplers_AreOfAll()
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 3, Agents = 1, TrafficControllers = 1 });
        foreach (var (doppler, i) in cluster.Dopplers.Select((doppler, i) => (doppler, i)))
        {
            await cluster.Produce(doppler).SendAsync(Enumerable.Range(0, 50).Select(n => Line("a", (n * 3) + i, (9 - i).ToString(CultureInfo.InvariantCulture))), Patience);
            await cluster.Produce(doppler).SendAsync([Line("a", 1000, (9 - i).ToString(CultureInfo.InvariantCulture))], Patience);
        }

        var client = Client(cluster);
        using var read = client.ReadAsync(new ReadRequest { SourceId = "a", Limit = 120 }, cancellationToken: Patience);
        Assert.Equal(Enumerable.Range(0, 120).Select(n => (long)n), (await read).Envelopes.Batch.Select(envelope => envelope.Timestamp));
        Assert.Null(read.GetTrailers().GetValue("x-loggregator-partial"));
        var newest = await client.ReadAsync(new ReadRequest { SourceId = "a", Limit = 1, Descending = true }, cancellationToken: Patience);
        Assert.Equal(["9", "8", "7"], newest.Envelopes.Batch.Select(envelope => envelope.InstanceId));
        var meta = await client.MetaAsync(new MetaRequest(), cancellationToken: Patience);
        Assert.Equal(new MetaInfo { Count = 153, NewestTimestamp = 1000 }, meta.Meta["a"]);
    }

    [Fact]
    public async Task Refusals_AreTheOriginalsInItsOrder()
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        var client = Client(cluster);
        foreach (var (request, code, message) in new (ReadRequest, StatusCode, string)[]
                 {
                     (new() { StartTime = 20, EndTime = 10, Limit = 2000, NameFilter = "[" }, StatusCode.Unknown, "StartTime (20) must be before EndTime (10)"),
                     (new() { StartTime = 20, Limit = 1001, NameFilter = "[" }, StatusCode.Unknown, "limit (1001) must be 1000 or less"),
                     (new() { Limit = -1, NameFilter = "[" }, StatusCode.Unknown, "limit (-1) must be greater than zero"),
                     (new() { NameFilter = "a[" }, StatusCode.Unknown, "name filter must be a valid regular expression: error parsing regexp: missing closing ]: `[`"),
                     (new() { EnvelopeTypes = { (EnvelopeType)77 } }, StatusCode.InvalidArgument, "envelope type (77) does not exist"),
                 })
        {
            request.SourceId = "a";
            var refusal = await Assert.ThrowsAsync<RpcException>(async () => await client.ReadAsync(request, cancellationToken: Patience));
            Assert.Equal((code, message), (refusal.StatusCode, refusal.Status.Detail));
        }

        Assert.Empty((await client.ReadAsync(new ReadRequest { SourceId = "a", StartTime = -6795364578871345152, Limit = 1000 }, cancellationToken: Patience)).Envelopes.Batch);
    }

    [Fact]
    public async Task Types_WithAnyAmongThem_AreTheOthers()
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1 });
        await cluster.Produce(cluster.Dopplers[0]).SendAsync(
            [Line("a", 1), new() { SourceId = "a", Timestamp = 2, Event = new Event() }, new() { SourceId = "a", Timestamp = 3 }], Patience);
        var client = Client(cluster);
        async Task<IEnumerable<long>> ReadAsync(params EnvelopeType[] types) =>
            (await client.ReadAsync(new ReadRequest { SourceId = "a", EnvelopeTypes = { types } }, cancellationToken: Patience)).Envelopes.Batch.Select(e => e.Timestamp);
        Assert.Equal([1, 2, 3], await ReadAsync());
        Assert.Equal([1, 2, 3], await ReadAsync(EnvelopeType.Any));
        Assert.Equal([1], await ReadAsync(EnvelopeType.Any, EnvelopeType.Log));
        Assert.Equal([1, 2], await ReadAsync(EnvelopeType.Event, EnvelopeType.Log));
    }

    [Fact]
    public async Task Certificate_IsThatOfALogCache()
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1, MutualTls = true });
        var tls = cluster.ClientTls();
        using var credentials = PeerCredentials.Load(new PeerFiles(tls.CertificateFile!, tls.KeyFile!, tls.AuthorityFile!));
        using var channel = new PeerConnector(credentials).Open(cluster.TrafficControllers[0].GrpcAddress, "log-cache");
        Assert.Empty((await new EgressClient(channel).ReadAsync(new ReadRequest { SourceId = "a" }, cancellationToken: Patience)).Envelopes.Batch);
    }

    [Fact]
    public async Task Doppler_ThatCrashes_MakesAnswersPartial_AndWhatIsAskedOfItsTimeAlsoWhenItIsBack()
    {
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        await cluster.Produce(cluster.Dopplers[0]).SendAsync([Line("a", 1)], Patience);
        await cluster.Produce(cluster.Dopplers[1]).SendAsync([Line("a", 2)], Patience);
        var client = Client(cluster);
        await cluster.KillAsync(cluster.Dopplers[1]);
        using var partial = client.ReadAsync(new ReadRequest { SourceId = "a" }, cancellationToken: Patience);
        Assert.Equal(1, Assert.Single((await partial).Envelopes.Batch).Timestamp);
        Assert.Equal("1 of 2", partial.GetTrailers().GetValue("x-loggregator-partial"));
        await cluster.RestartAsync(cluster.Dopplers[1], Patience);
        await cluster.ReadyAsync(Patience);

        var now = 0L;
        string? since = "not asked";
        await Deadline.UntilAsync(
            () => since is null,
            () => $"what came since is whole, not {since}",
            Patience,
            each: async () =>
            {
                now = TimeProvider.System.GetUnixNanoseconds();
                since = await PartialAsync(client, new ReadRequest { SourceId = "a", StartTime = now, EndTime = now + 1_000_000_000 });
            });
        await cluster.Produce(cluster.Dopplers[1]).SendAsync([Line("a", now)], Patience);
        Assert.Equal("1 of 2", await PartialAsync(client, new ReadRequest { SourceId = "a" }));
        Assert.Equal("1 of 2", await PartialAsync(client, new ReadRequest { SourceId = "a", Descending = true, Limit = 2 }));
        Assert.Null(await PartialAsync(client, new ReadRequest { SourceId = "a", Descending = true, Limit = 1 }));
        using var meta = client.MetaAsync(new MetaRequest(), cancellationToken: Patience);
        await meta;
        Assert.Equal("1 of 2", meta.GetTrailers().GetValue("x-loggregator-partial"));
    }

    [Fact]
    public async Task Doppler_ThatCrashedBeforeTheTrafficControllerWasThere_MakesAnswersPartialToo()
    {
        var folder = Directory.CreateTempSubdirectory("loggregator-crash-");
        var snapshot = Path.Combine(folder.FullName, "snapshot");
        await File.WriteAllTextAsync(snapshot + ".running", "", Patience); // what a crash leaves
        var settings = new Dictionary<string, string> { ["Doppler:SnapshotPath"] = snapshot };
        await using (var cluster = await InProcessCluster.StartAsync(new ClusterOptions { Dopplers = 1, Agents = 1, TrafficControllers = 1, Settings = settings }, Patience))
        {
            var client = Client(cluster);
            var now = TimeProvider.System.GetUnixNanoseconds();
            Assert.Equal("0 of 1", await PartialAsync(client, new ReadRequest { SourceId = "a" }));
            Assert.Null(await PartialAsync(client, new ReadRequest { SourceId = "a", StartTime = now, EndTime = now + 1_000_000_000 }));
            await cluster.AssertAsync();
        }

        Assert.False(File.Exists(snapshot + ".running"), "a planned stop looks like a crash");
        folder.Delete(recursive: true);
    }

    private static async Task<string?> PartialAsync(EgressClient client, ReadRequest request)
    {
        using var read = client.ReadAsync(request, cancellationToken: Patience);
        await read;
        return read.GetTrailers().GetValue("x-loggregator-partial");
    }

    private static EgressClient Client(InProcessCluster cluster) => new(cluster.Open(cluster.TrafficControllers[0]));

    private static Envelope Line(string source, long timestamp, string instance = "0") =>
        new() { SourceId = source, InstanceId = instance, Timestamp = timestamp, Log = new Protocol.V2.Log() };
}
