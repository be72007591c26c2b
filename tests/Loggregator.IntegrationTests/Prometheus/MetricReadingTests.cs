using System.Text.Json.Nodes;
using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Series as several Dopplers hold them together, and as their names are.</summary>
public sealed class MetricReadingTests : MetricsTest
{
    [Fact]
    public async Task SourceThatMoved_IsOneSeries()
    {
        await StartAsync(dopplers: 2);
        await Dopplers[0].SendAsync(Counter("app", "requests", 0, 10), Counter("app", "requests", 10, 20));
        await Dopplers[1].SendAsync(Counter("app", "requests", 10, 20), Counter("app", "requests", 20, 30));
        Assert.Equal($"{At(0)}:10 {At(10)}:20 {At(20)}:30", await SamplesAsync("requests"));
        Assert.Equal("30", await ValueAsync("increase(requests[30s])")); // of 20 s measured
    }

    [Fact]
    public async Task RequestsCountedByTwoDopplers_AddUp()
    {
        await StartAsync(dopplers: 2);
        for (var second = 0; second < 30; second += 10)
        {
            await Dopplers[0].SendAsync([.. Enumerable.Range(0, 3).Select(_ => Timer("app", second, 20, "0", ("method", "GET"), ("status_code", "200")))]);
            await Dopplers[1].SendAsync([.. Enumerable.Range(0, 2).Select(_ => Timer("app", second + 5, 40, "0", ("method", "GET"), ("status_code", "200")))]);
        }

        // A Doppler makes samples at most every five seconds, and when it is read: 1, 4, 9 and 1, 3, 6.
        Assert.Equal($"{At(0)}:2 {At(5)}:2 {At(10)}:5 {At(15)}:7 {At(20)}:12 {At(25)}:15", await SamplesAsync("http_requests_total"));
        Assert.Equal("15", await ValueAsync("http_request_duration_seconds_bucket{le=\"0.05\"}"));
        Assert.Equal("9", await ValueAsync("http_request_duration_seconds_bucket{le=\"0.025\"}"));
    }

    [Fact]
    public async Task Names_AreThoseThatPrometheusTakes()
    {
        await StartAsync();
        await Dopplers[0].SendAsync(
            Gauge("app", "1st.café size", 0, 1, "0", ("k8s.pod-name", "x"), ("k8s_pod_name", "y"), ("a.b", "p"), ("a-b", "q"), ("empty", "")));
        var answer = JsonNode.Parse(DataOf(await GetAsync("/prometheus/api/v1/query", "query", "{source_id=\"app\"}")))!;
        Assert.Equal(
            """{"__name__":"_st_caf__size","a_b":"q","instance_id":"0","k8s_pod_name":"y","source_id":"app"}""", Encode(answer["result"]![0]!["metric"]!));
        foreach (var matcher in new[]
                 {
                     "a_b=\"q\"", "a_b!=\"p\"", "k8s_pod_name=\"y\"", "k8s_pod_name=~\"[y]\"", "empty=\"\"", "__name__=~\"_st.*\"", "source_id=~\"app|other\"", "source_id=~\"a[p]+\"",
                     "instance_id=\"0\"", "nothing!~\".+\"",
                 })
        {
            Assert.Equal("1", await ValueAsync($"{{{matcher},source_id!=\"\"}}"));
        }

        foreach (var matcher in new[] { "a_b=\"p\"", "k8s_pod_name=\"x\"", "empty!=\"\"", "__name__=~\"_s\"", "source_id=~\"ap|other\"", "source_id!~\"a[p]+\"" })
        {
            Assert.Equal("", await ValueAsync($"{{{matcher},source_id!=\"\"}}"));
        }
    }

    [Fact]
    public async Task Patterns_MeanWhatTheyMeanInRe2()
    {
        await StartAsync();
        await Dopplers[0].SendAsync(Gauge("app", "cpu", 0, 1, "0", ("city", "Łódź"), ("line", "a\nb"), ("digits", "٣")));
        foreach (var (matcher, value) in new[]
                 {
                     ("city=~\"\\\\pL+\"", "1"), ("line=~\"a.b\"", ""), ("line=~\"(?s)a.b\"", "1"), ("digits=~\"\\\\d\"", ""), ("city=~\"\\\\QŁódź\\\\E\"", "1"),
                     ("city=~\"(?i)łÓDŹ\"", "1"),
                 })
        {
            Assert.Equal(value, await ValueAsync($"cpu{{{matcher}}}"));
        }
    }

    private async Task<string> ValueAsync(string query)
    {
        var data = JsonNode.Parse(DataOf(await GetAsync("/prometheus/api/v1/query", "query", query, "time", At(30))))!;
        return string.Join(' ', data["result"]!.AsArray().Select(series => (string)series!["value"]![1]!));
    }

    private async Task<string> SamplesAsync(string name)
    {
        var data = JsonNode.Parse(DataOf(await GetAsync("/prometheus/api/v1/query", "query", name + "[1m]", "time", At(60))))!;
        var series = Assert.Single(data["result"]!.AsArray())!;
        return string.Join(' ', series["values"]!.AsArray().Select(pair => $"{pair![0]}:{pair[1]}"));
    }
}
