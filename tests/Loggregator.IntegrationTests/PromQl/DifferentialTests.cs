using Loggregator.IntegrationTests.Cluster;
using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.PromQl;
using Xunit;
using Answer = (System.Collections.Generic.IReadOnlyList<Loggregator.PromQl.Storage.Series>? Series, string Error);

namespace Loggregator.IntegrationTests.PromQl;

/// <summary>The same series in a real Prometheus and here: generated queries of what both know have the same answers, at one time and over a range.</summary>
public sealed class DifferentialTests : ClusterTest
{
    private const int Queries = 500, Minutes = 20;
    private const string CounterName = "latency_bucket"; // the other metrics are gauges

    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Engine_OverTheSameSeries_AnswersAsPrometheus()
    {
        var generator = new QueryGenerator(seed: 1, common: true);
        var store = generator.Series(Minutes);
        await using var prometheus = await PrometheusServer.StartAsync(Patience);
        await prometheus.WriteAsync(await AllAsync(store), Patience);
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        await CompareAsync(
            generator, 0, prometheus.Api, (query, at) => TryAsync(engine.QueryAsync(store, query, at, Patience)),
            (query, start, end, step) => TryAsync(engine.QueryRangeAsync(store, query, start, end, step, Patience)));
    }

    [Fact]
    public async Task Dopplers_ThatGotTheSameSeries_AnswerAsPrometheus()
    {
        var origin = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - (Minutes * 60);
        var generator = new QueryGenerator(seed: 2, common: true, origin);
        var series = (await AllAsync(generator.Series(Minutes))).Select(Sendable).ToList();
        await using var prometheus = await PrometheusServer.StartAsync(Patience);
        await prometheus.WriteAsync(series, Patience);
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 0, TrafficControllers = 1 });
        for (var doppler = 0; doppler < 2; doppler++)
        {
            await using var producer = cluster.Produce(cluster.Dopplers[doppler]);
            await producer.SendAsync(series.Where((_, i) => i % 2 == doppler).SelectMany(Envelopes), Patience);
        }

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var product = new PrometheusClient(http, new Uri($"http://127.0.0.1:{cluster.TrafficControllers[0].HttpPort}/prometheus/"));
        await CompareAsync(
            generator, origin, prometheus.Api, (query, at) => product.QueryAsync(query, at, Patience),
            (query, start, end, step) => product.QueryRangeAsync(query, start, end, step, Patience));
    }

    private static async Task CompareAsync(
        QueryGenerator generator, long origin, PrometheusClient prometheus, Func<string, long, Task<Answer>> instant, Func<string, long, long, long, Task<Answer>> range)
    {
        var comparison = new AnswerComparison();
        var (start, end, step) = ((origin + 300) * 1000, (origin + 1320) * 1000, 34_000L);
        for (var i = 0; i < Queries; i++)
        {
            var query = generator.Query(3);
            var at = (origin + (i * 7 % (Minutes * 60))) * 1000;
            comparison.Add($"{query} at {at}", await prometheus.QueryAsync(query, at, Patience), await instant(query, at));
            comparison.Add($"{query} as a range", await prometheus.QueryRangeAsync(query, start, end, step, Patience), await range(query, start, end, step));
        }

        comparison.AssertSame(Queries);
    }

    private static async Task<IReadOnlyList<Series>> AllAsync(MemorySeries store) =>
        (await store.SelectAsync(new SeriesSelection([], 0, long.MaxValue, int.MaxValue), Patience)).Series;

    private static async Task<Answer> TryAsync(ValueTask<QueryResult> query)
    {
        try
        {
            return ((await query).Series, "");
        }
        catch (PromQlException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>A series as envelopes can say it: of a source's instance, without staleness markers, a counter in whole numbers.</summary>
    private static Series Sendable(Series series) => new(
        series.Labels.With("source_id", "generated").With("instance_id", series.Labels["instance"]),
        series.Samples.ToArray().Where(sample => !Sample.IsStale(sample.Value))
            .Select(sample => series.Labels.Name == CounterName ? sample with { Value = Math.Floor(sample.Value) } : sample).ToArray());

    private static IEnumerable<Envelope> Envelopes(Series series) => series.Samples.ToArray().Select(sample =>
    {
        var envelope = new Envelope { SourceId = series.Labels["source_id"], InstanceId = series.Labels["instance_id"], Timestamp = sample.Time * 1_000_000 };
        envelope.Tags.Add(series.Labels.Without(Labels.MetricName, "source_id", "instance_id").Pairs.ToDictionary());
        if (series.Labels.Name == CounterName)
        {
            envelope.Counter = new Counter { Name = CounterName, Total = (ulong)sample.Value };
        }
        else
        {
            envelope.Gauge = new Gauge { Metrics = { [series.Labels.Name] = new GaugeValue { Value = sample.Value, Unit = "things" } } };
        }

        return envelope;
    });
}
