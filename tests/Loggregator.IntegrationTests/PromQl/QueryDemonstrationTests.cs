using System.Globalization;
using System.Text.Json;
using Loggregator.Client;
using Loggregator.Commands;
using Loggregator.IntegrationTests.Cluster;
using Loggregator.IntegrationTests.Exe;
using Loggregator.PromQl.Storage;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.PromQl;
using Xunit;

namespace Loggregator.IntegrationTests.PromQl;

/// <summary>A program emits, <c>loggregator query</c> is asked about it, and a Prometheus that scrapes the federation endpoint says the same.</summary>
public sealed class QueryDemonstrationTests : ClusterTest
{
    private const string Histogram = "rate(http_request_duration_seconds_bucket{source_id=\"shop\"}[30s])";

    private static readonly string[] Queries =
    [
        // rates
        "rate(orders[30s])",
        "sum by (source_id) (increase(orders[30s]))",
        "rate(http_requests_total{status_class=\"2xx\"}[30s])",
        "rate(http_request_duration_seconds_sum[30s]) / rate(http_request_duration_seconds_count[30s])",

        // quantiles
        $"histogram_quantile(0.5, sum by (le) ({Histogram}))",
        $"histogram_quantile(0.99, sum by (instance_id, le) ({Histogram}))",
        "quantile(0.75, queue_depth)",
        "quantile_over_time(0.5, queue_depth[30s])",

        // joins
        "rate(orders[30s]) * on (source_id, instance_id) group_left (version) release",
        "sum by (version) (queue_depth * on (instance_id) group_left (version) release)",
        "sum by (instance_id) (rate(http_requests_total{status_class=\"5xx\"}[30s])) / on (instance_id) sum by (instance_id) (rate(http_requests_total[30s]))",
        "queue_depth and on (instance_id) release{version=\"1.1\"}",

        // and others
        "topk(2, queue_depth)",
        "deriv(queue_depth[30s])",
        "max_over_time(queue_depth[30s]) - min_over_time(queue_depth[30s])",
        "count_values(\"value\", release)",
    ];

    [Fact(Timeout = 300_000)]
    public async Task Query_AndAPrometheusThatScrapes_SayTheSame()
    {
        var cancel = TestContext.Current.CancellationToken;
        var cluster = await StartAsync(new ClusterOptions { Dopplers = 2, Agents = 1, TrafficControllers = 1 });
        var edge = $"127.0.0.1:{cluster.TrafficControllers[0].HttpPort}";
        await using var prometheus = await PrometheusServer.StartAsync(cancel, Scraping(edge));
        await using var emitter = new Emitter(new EmitterOptions { Agent = cluster.Agents[0].GrpcAddress, SourceId = "shop" });
        var shop = new Shop(emitter, DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60));
        for (var step = 0; step < Shop.Steps; step++)
        {
            await shop.EmitAsync(step, cancel);
            await ScrapedAsync(prometheus, shop, step, cancel);
        }

        // The window of every rate begins behind the first step: the first request of each kind is a sample that no scrape saw alone.
        var (first, last) = (shop.After(Shop.Steps - 3), shop.After(Shop.Steps - 1));
        var instants = new AnswerComparison();
        var ranges = new AnswerComparison();
        foreach (var query in Queries)
        {
            instants.Add(query, await prometheus.Api.QueryAsync(query, last, cancel), await AskAsync(edge, query, last));
            ranges.Add(query, await prometheus.Api.QueryRangeAsync(query, first, last, 1000, cancel), await AskAsync(edge, query, last, "--range", Seconds(last - first), "--step", "1s"));
        }

        instants.AssertSame(Queries.Length);
        ranges.AssertSame(Queries.Length);
    }

    private static async Task ScrapedAsync(PrometheusServer prometheus, Shop shop, int step, CancellationToken cancel)
    {
        var arrived = false;
        await Deadline.UntilAsync(() => arrived, () => $"Prometheus has scraped step {step}: {shop.Arrived}", cancel, each: async () =>
        {
            var (series, _) = await prometheus.Api.QueryAsync(shop.Arrived, shop.After(step), cancel);
            arrived = series is [{ Samples: { Length: 1 } samples }] && samples.Span[0].Value is 1;
        });
    }

    private static async Task<(IReadOnlyList<Series>? Series, string Error)> AskAsync(string edge, string query, long at, params string[] more)
    {
        var data = await RunAsync(edge, query, ["--time", Seconds(at), "--format", "json", .. more]);
        using var json = JsonDocument.Parse($$"""{"data":{{data}}}""");
        return (QueryAnswer.Read(json.RootElement).Result.Series, "");
    }

    private static async Task<string> RunAsync(string edge, string query, params string[] arguments)
    {
        var ran = await DevProcess.RunAsync(["query", query, "--url", $"http://{edge}", .. arguments]);
        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        return string.Join('\n', ran.Out.Split('\n').Select(line => line.TrimEnd(' ')));
    }

    private static string Seconds(long milliseconds) => (milliseconds / 1000m).ToString(CultureInfo.InvariantCulture);

    private static string Scraping(string edge) => $$"""
        scrape_configs:
        - job_name: loggregator
          scrape_interval: 1s
          scrape_timeout: 1s
          honor_labels: true
          metrics_path: /prometheus/federate
          params:
            'match[]': ['{source_id="shop"}']
          static_configs:
          - targets: ['{{edge}}']
          metric_relabel_configs:
          - {action: labeldrop, regex: job|instance}
        """;
}
