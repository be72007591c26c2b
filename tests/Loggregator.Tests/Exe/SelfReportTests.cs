using Loggregator.Agent;
using Loggregator.Client.Connect;
using Loggregator.Doppler;
using Loggregator.Hosting.Telemetry;
using Loggregator.Protocol.V2;
using Loggregator.Roles;
using Loggregator.TrafficController;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.Exe;

/// <summary>What the roles tell of themselves in envelopes has the names, tags, units and source ids of the original processes.</summary>
public sealed class SelfReportTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddSeconds(1));
    private readonly List<ServiceProvider> _providers = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
        {
            await provider.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("Agent", 0, 15, new[]
    {
        "metron counter ingress metric_version=2.0 origin=loggregator.metron",
        "metron counter egress metric_version=2.0 origin=loggregator.metron",
        "metron counter dropped direction=ingress metric_version=2.0 origin=loggregator.metron",
        "metron counter dropped direction=egress metric_version=2.0 origin=loggregator.metron",
        "metron counter origin_mappings metric_version=2.0 origin=loggregator.metron unit=bytes/minute",
        "metron gauge average_envelopes(bytes/minute) loggregator=v2 metric_version=2.0 origin=loggregator.metron",
        "metron gauge doppler_v2_streams() metric_version=2.0 origin=loggregator.metron",
        "metron gauge doppler_connections() metric_version=2.0 origin=loggregator.metron",
    })]
    [InlineData("Doppler", 0, 5, new[]
    {
        "doppler counter ingress metric_version=2.0 origin=loggregator.doppler",
        "doppler counter dropped direction=ingress metric_version=2.0 origin=loggregator.doppler",
        "doppler counter dropped direction=egress metric_version=2.0 origin=loggregator.doppler",
        "doppler counter egress metric_version=2.0 origin=loggregator.doppler",
        "doppler gauge subscriptions(subscriptions) metric_version=2.0 origin=loggregator.doppler",
    })]
    [InlineData("TrafficController", 0, 60, new[]
    {
        "reverse_log_proxy counter ingress metric_version=2.0 origin=loggregator.rlp protocol=grpc",
        "reverse_log_proxy counter egress metric_version=2.0 origin=loggregator.rlp",
        "reverse_log_proxy counter dropped direction=egress metric_version=2.0 origin=loggregator.rlp",
        "reverse_log_proxy counter rejected_streams metric_version=2.0 origin=loggregator.rlp",
        "reverse_log_proxy gauge subscriptions(total) metric_version=2.0 origin=loggregator.rlp",
        "reverse_log_proxy counter log_router_connects origin=loggregator.rlp",
        "reverse_log_proxy counter log_router_disconnects origin=loggregator.rlp",
    })]
    [InlineData("TrafficController", 1, 60, new[]
    {
        "traffic_controller gauge doppler_proxy.firehoses(connections) metric_version=2.0 origin=loggregator.trafficcontroller",
        "traffic_controller gauge doppler_proxy.app_streams(connections) metric_version=2.0 origin=loggregator.trafficcontroller",
        "traffic_controller counter doppler_proxy.slow_consumer metric_version=2.0 origin=loggregator.trafficcontroller",
        "traffic_controller counter egress endpoint=firehose metric_version=2.0 origin=loggregator.trafficcontroller",
        "traffic_controller counter egress endpoint=stream metric_version=2.0 origin=loggregator.trafficcontroller",
        "traffic_controller counter ingress metric_version=2.0 origin=loggregator.trafficcontroller protocol=grpc",
    })]
    public void Report_OfEachRole_HasTheOriginalsIdentities(string section, int report, int seconds, string[] expected)
    {
        using var emitter = Emitter(section, out _, report);
        Assert.Equal(TimeSpan.FromSeconds(seconds), SelfReports.Of(section)[report].Interval);
        Assert.Equal(expected, Told(emitter).Select(Identity));
    }

    [Fact]
    public void Report_OfADoppler_TellsDifferencesAlsoOfZeroAndKeepsWhatWasNotTaken()
    {
        using var emitter = Emitter("Doppler", out var services);
        var counters = services.GetRequiredService<DopplerCounters>();
        counters.Received = 7;
        counters.Subscriptions = 3;
        var first = Told(emitter);
        Assert.Equal((7UL, 0UL, 1_000_000_000L, ""), (first[0].Counter.Delta, first[0].Counter.Total, first[0].Timestamp, first[0].InstanceId));
        Assert.Equal(3, first[^1].Gauge.Metrics["subscriptions"].Value);
        Assert.Equal("2.0", first[0].DeprecatedTags["metric_version"].Text);
        Assert.Empty(first[0].Tags);

        Assert.Equal(0UL, Told(emitter)[0].Counter.Delta);
        counters.Received = 9;
        emitter.Tell(_ => false);
        counters.Received = 10;
        Assert.Equal(3UL, Told(emitter)[0].Counter.Delta);
    }

    [Fact]
    public void Report_OfAnAgent_TellsTotalsInOrdinaryTagsAsAScraperDoes()
    {
        using var emitter = Emitter("Agent", out var services);
        var counters = services.GetRequiredService<AgentCounters>();
        (counters.Received, counters.Sent, counters.SentBytes) = (7, 4, 1000);
        var first = Told(emitter);
        Assert.Equal((0UL, 7UL), (first[0].Counter.Delta, first[0].Counter.Total));
        Assert.Equal("loggregator.metron", first[0].Tags["origin"]);
        Assert.Empty(first[0].DeprecatedTags);
        Assert.Equal(250, Average(first));

        (counters.Sent, counters.SentBytes) = (5, 1050);
        Assert.Equal(50, Average(Told(emitter)));
        for (var quarter = 0; quarter < 4; quarter++)
        {
            Told(emitter);
        }

        Assert.Equal(0, Average(Told(emitter))); // nothing in the last minute
    }

    [Fact]
    public void Report_OfTheTrafficController_TellsWhatItsWebSocketsDid()
    {
        using var emitter = Emitter("TrafficController", out var services, report: 1);
        var counters = services.GetRequiredService<TrafficControllerCounters>();
        (counters.Firehoses, counters.AppStreams, counters.SlowConsumers) = (1, 2, 3);
        (counters.FirehoseMessages, counters.AppMessages, counters.WebSocketMatched) = (4, 5, 6);
        var told = Told(emitter);
        Assert.Equal([1.0, 2.0], told.Where(e => e.Gauge is not null).SelectMany(e => e.Gauge.Metrics.Values).Select(metric => metric.Value));
        Assert.Equal([3UL, 4UL, 5UL, 6UL], told.Where(e => e.Counter is not null).Select(e => e.Counter.Delta));
    }

    private static double Average(List<Envelope> told) => told.Single(e => e.Gauge?.Metrics.ContainsKey("average_envelopes") == true).Gauge.Metrics["average_envelopes"].Value;

    private static List<Envelope> Told(SelfMetricsEmitter emitter)
    {
        var told = new List<Envelope>();
        emitter.Tell(envelope =>
        {
            told.Add(envelope);
            return true;
        });
        return told;
    }

    private static string Identity(Envelope envelope)
    {
        var what = envelope.Counter is { } counter
            ? "counter " + counter.Name
            : "gauge " + string.Join(',', envelope.Gauge.Metrics.Select(metric => $"{metric.Key}({metric.Value.Unit})"));
        var tags = envelope.Tags.Select(tag => (tag.Key, tag.Value)).Concat(envelope.DeprecatedTags.Select(tag => (tag.Key, Value: tag.Value.Text)));
        return $"{envelope.SourceId} {what} {string.Join(' ', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"))}";
    }

    private SelfMetricsEmitter Emitter(string section, out IServiceProvider services, int report = 0)
    {
        var role = RoleTable.IngressToEgress.Single(role => role.Section == section);
        var collection = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<TimeProvider>(_time).AddSingleton(new PeerConnector());
        role.Add(collection, role.NewOptions());
        var provider = collection.BuildServiceProvider();
        _providers.Add(provider);
        services = provider;
        return new SelfMetricsEmitter(SelfReports.Of(section)[report], "127.0.0.1:1", new PeerConnector(), provider, _time);
    }
}
