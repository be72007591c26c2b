using System.Text.Json.Nodes;
using Loggregator.IntegrationTests.Deploy;
using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Prometheus' own tool, and what dashboards send, against the product.</summary>
public sealed class PeerTests : MetricsTest
{
    [Fact]
    public async Task Promtool_QueriesInstantRangeSeriesAndLabels()
    {
        await StartAsync(dopplers: 2);
        await Dopplers[0].SendAsync(Counter("app", "requests.total", 0, 10, "0", ("job", "x")), Counter("app", "requests.total", 15, 40, "0", ("job", "x")));
        await Dopplers[1].SendAsync(Gauge("db", "memory-used", 10, 1e21));
        var url = $"http://127.0.0.1:{Host.HttpPort}/prometheus";
        Assert.Equal(
            $$"""requests_total{instance_id="0", job="x", source_id="app"} => 40 @[{{At(20)}}]""" + "\n",
            await Tool.RunAsync("promtool", "query", "instant", url, "requests_total", "--time=" + At(20)));
        Assert.Equal(
            $$"""
            {source_id="app"} =>
            10 @[{{At(0)}}]
            10 @[{{At(10)}}]
            40 @[{{At(20)}}]
            {source_id="db"} =>
            1000000000000000000000 @[{{At(10)}}]
            1000000000000000000000 @[{{At(20)}}]

            """,
            await Tool.RunAsync("promtool", "query", "range", url, "sum by (source_id) ({source_id!=\"\"})", "--start=" + At(0), "--end=" + At(20), "--step=10s"));
        Assert.Equal(
            """
            {__name__="memory_used", instance_id="0", source_id="db"}
            {__name__="requests_total", instance_id="0", job="x", source_id="app"}

            """,
            await Tool.RunAsync("promtool", "query", "series", url, "--match=requests_total", "--match={source_id=\"db\"}"));
        Assert.Equal("app\ndb\n", await Tool.RunAsync("promtool", "query", "labels", url, "source_id"));
    }

    [Fact]
    public async Task Dashboards_GetWhatTheyAskFor()
    {
        await StartAsync();
        await Dopplers[0].SendAsync(Gauge("app", "cpu", 0, 0.5), Gauge("app", "cpu", 30, 0.75));
        const string Root = "/prometheus/api/v1/";
        var health = JsonNode.Parse(DataOf(await PostAsync(Root + "query", "query", "1+1", "time", At(0) + ".123")))!;
        Assert.Equal("2", (string?)health["result"]![1]);
        Assert.Contains("2.55.1", DataOf(await GetAsync(Root + "status/buildinfo")), StringComparison.Ordinal);
        Assert.Equal("""["__name__","instance_id","source_id"]""", DataOf(await GetAsync(Root + "labels", "start", At(0), "end", At(60))));
        Assert.Equal("""["app"]""", DataOf(await GetAsync(Root + "label/source_id/values", "match[]", "cpu", "start", At(0), "end", At(60))));
        Assert.Equal(
            """[{"__name__":"cpu","instance_id":"0","source_id":"app"}]""", DataOf(await PostAsync(Root + "series", "match[]", "cpu", "start", At(0), "end", At(60))));
        Assert.Contains("\"cpu\"", DataOf(await GetAsync(Root + "metadata", "limit_per_metric", "1")), StringComparison.Ordinal);
        Assert.Equal("""{"groups":[]}""", DataOf(await GetAsync(Root + "rules")));
        Assert.Equal(
            $$"""{"resultType":"matrix","result":[{"metric":{"source_id":"app"},"values":[[{{At(15)}},"0.5"],[{{At(30)}},"0.75"],[{{At(45)}},"0.75"]]}]}""",
            DataOf(await PostAsync(Root + "query_range", "query", "max by(source_id) (cpu{source_id=~\"app|other\"})", "start", At(15) + ".0", "end", At(59) + ".999", "step", "15")));
        Assert.Equal("[]", DataOf(await PostAsync(Root + "query_exemplars", "query", "cpu", "start", At(0), "end", At(60))));
    }
}
