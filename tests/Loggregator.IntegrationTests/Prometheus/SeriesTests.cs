using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Series, labels, values, metadata and federation; and nowhere more than the caller may see.</summary>
public sealed class SeriesTests : MetricsTest
{
    private const string Root = "/prometheus/api/v1/";

    [Fact]
    public async Task Lists_HavePrometheusShapes()
    {
        await StartTwoAsync();
        Assert.Equal(
            """[{"__name__":"cpu","instance_id":"0","source_id":"a"},{"__name__":"requests","instance_id":"0","job":"x","source_id":"a"},{"__name__":"requests","instance_id":"1","source_id":"b"}]""",
            DataOf(await GetAsync(Root + "series", "match[]", "requests", "match[]", "{source_id=\"a\"}")));
        Assert.Equal("""[{"__name__":"cpu","instance_id":"0","source_id":"a"}]""", DataOf(await PostAsync(Root + "series", "match[]", "cpu", "start", At(0), "end", At(10))));
        Assert.Equal("[]", DataOf(await GetAsync(Root + "series", "match[]", "cpu", "end", At(-60))));
        Assert.Equal("""["__name__","instance_id","job","source_id"]""", DataOf(await GetAsync(Root + "labels")));
        Assert.Equal("""["__name__","instance_id","source_id"]""", DataOf(await PostAsync(Root + "labels", "match[]", "cpu")));
        Assert.Equal("""["cpu","requests"]""", DataOf(await GetAsync(Root + "label/__name__/values")));
        Assert.Equal("""["a","b"]""", DataOf(await GetAsync(Root + "label/source_id/values", "match[]", "requests")));
        Assert.Equal("[]", DataOf(await GetAsync(Root + "label/nothing/values")));
        Assert.Equal(
            """{"cpu":[{"type":"gauge","help":"","unit":"bytes"}],"requests":[{"type":"counter","help":"","unit":""}]}""", DataOf(await GetAsync(Root + "metadata")));
        Assert.Equal("""{"cpu":[{"type":"gauge","help":"","unit":"bytes"}]}""", DataOf(await GetAsync(Root + "metadata", "metric", "cpu", "limit", "3")));
        Assert.Equal(
            (200, """{"status":"success","data":["__name__"],"warnings":["results truncated due to limit"]}"""), await GetAsync(Root + "labels", "limit", "1"));
        Assert.Equal(
            (200, """{"status":"success","data":[{"__name__":"cpu","instance_id":"0","source_id":"a"}],"warnings":["results truncated due to limit"]}"""),
            await GetAsync(Root + "series", "match[]", "{source_id=\"a\"}", "limit", "1"));
    }

    [Theory]
    [InlineData("series", "no match[] parameter provided")]
    [InlineData("series?match[]=", "invalid parameter \"match[]\": unknown position: parse error: unexpected end of input")]
    [InlineData("series?match[]={}", "invalid parameter \"match[]\": 1:2: parse error: vector selector must contain at least one non-empty matcher", false)]
    [InlineData("series?match[]=up&start=x", "invalid parameter \"start\": cannot parse \"x\" to a valid timestamp")]
    [InlineData("labels?match[]=sum(x)", "invalid parameter \"match[]\": 1:4: parse error: unexpected \"(\"", false)]
    [InlineData("label/a-b/values", "invalid label name: \"a-b\"")]
    [InlineData("labels?end=%zz", "invalid parameter \"end\": cannot parse \"%zz\" to a valid timestamp")]
    [InlineData("format_query?query=sum(", "invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis")]
    public async Task Request_ThatIsWrong_IsRefused(string path, string error, bool whole = true)
    {
        await StartAsync();
        var (status, body) = await GetAsync(Root + path);
        Assert.Equal(400, status);
        var expected = $$"""{"status":"error","errorType":"bad_data","error":"{{error.Replace("\"", "\\\"", StringComparison.Ordinal)}}""";
        Assert.StartsWith(whole ? expected + "\"}" : expected[..70], body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Federation_IsInPrometheusTextFormat()
    {
        await StartTwoAsync();
        await Dopplers[0].SendAsync(
            Gauge("old", "cpu", -300, 1), Gauge("c", "cpu", 5, 1.5e-7, "0", ("text", "a\\b\"c\nd")), Timer("a", 0, 2000, "0", ("method", "GET"), ("status_code", "200")));
        using var response = await Host.Http.SendAsync(
            Get("/prometheus/federate", "match[]", "{source_id=~\"a|c|old\",le!=\"+Inf\"}", "match[]", "requests{source_id=\"b\"}"), Patience);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var lines = (await response.Content.ReadAsStringAsync(Patience)).Split('\n').Where(line => !line.Contains("_bucket", StringComparison.Ordinal));
        Assert.Equal(
            $$"""
            # TYPE cpu gauge
            cpu{instance_id="0",source_id="a"} 0.5 {{Base}}000
            cpu{instance_id="0",source_id="c",text="a\\b\"c\nd"} 1.5e-07 {{Base + 5}}000
            # TYPE http_request_duration_seconds histogram
            http_request_duration_seconds_count{instance_id="0",method="GET",source_id="a",status_class="2xx"} 1 {{Base}}000
            http_request_duration_seconds_sum{instance_id="0",method="GET",source_id="a",status_class="2xx"} 2 {{Base}}000
            # TYPE http_requests_total counter
            http_requests_total{instance_id="0",method="GET",source_id="a",status_class="2xx"} 1 {{Base}}000
            # TYPE requests counter
            requests{instance_id="0",job="x",source_id="a"} 20 {{Base + 10}}000
            requests{instance_id="1",source_id="b"} 7 {{Base}}000

            """,
            string.Join('\n', lines));
        using var wrong = await Host.Http.SendAsync(Get("/prometheus/federate", "match[]", "{"), Patience);
        Assert.Equal(400, (int)wrong.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", wrong.Content.Headers.ContentType!.ToString());
        using var none = await Host.Http.SendAsync(Get("/prometheus/federate"), Patience);
        Assert.Equal("", await none.Content.ReadAsStringAsync(Patience));
    }

    [Fact]
    public async Task Caller_SeesHisSourcesAlone()
    {
        await StartTwoAsync();
        async Task<string> SeenAsync(string path, params string[] parameters) => DataOf(await SendAsync(Get(path, parameters), "b,c"));
        var time = At(20);
        foreach (var query in new[] { "requests", "{__name__=~\".+\"}", "requests or {source_id=\"a\"}", "requests{source_id=~\"a|b\"}", "max_over_time(requests[1m:1s])" })
        {
            var data = await SeenAsync(Root + "query", "query", query, "time", time);
            Assert.Contains("\"source_id\":\"b\"", data, StringComparison.Ordinal);
            Assert.DoesNotContain("\"source_id\":\"a\"", data, StringComparison.Ordinal);
        }

        Assert.Equal(
            $$$"""{"resultType":"vector","result":[{"metric":{},"value":[{{{time}}},"1"]}]}""", await SeenAsync(Root + "query", "query", "count({source_id=~\".+\"})", "time", time));
        Assert.Equal("""{"resultType":"vector","result":[]}""", await SeenAsync(Root + "query", "query", "{source_id=\"a\"} and on () vector(1)", "time", time));
        Assert.Equal(
            """[{"__name__":"requests","instance_id":"1","source_id":"b"}]""", await SeenAsync(Root + "series", "match[]", "{__name__!=\"\"}", "match[]", "{source_id=\"a\"}"));
        Assert.Equal("""["__name__","instance_id","source_id"]""", await SeenAsync(Root + "labels"));
        Assert.Equal("""["b"]""", await SeenAsync(Root + "label/source_id/values"));
        Assert.Equal("""["requests"]""", await SeenAsync(Root + "label/__name__/values"));
        Assert.Equal("""{"requests":[{"type":"counter","help":"","unit":""}]}""", await SeenAsync(Root + "metadata"));
        var federate = Get("/prometheus/federate", "match[]", "{__name__=~\".+\"}");
        federate.Headers.Add("Sources", "b");
        using var federation = await Host.Http.SendAsync(federate, Patience);
        Assert.Equal($"# TYPE requests counter\nrequests{{instance_id=\"1\",source_id=\"b\"}} 7 {Base}000\n", await federation.Content.ReadAsStringAsync(Patience));
        foreach (var (sources, status, length) in new[] { ("a", 200, 0), ("b", 404, 0), ("a,b", 200, 0) })
        {
            var request = Get("/api/v1/query", "query", "requests{source_id=\"a\"}");
            request.Headers.Add("Sources", sources);
            using var answer = await Host.Http.SendAsync(request, Patience);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.True(status == 200 || answer.Content.Headers.ContentLength == length);
        }
    }

    [Fact]
    public async Task Status_IsWhatDashboardsAskFor()
    {
        await StartAsync();
        Assert.Equal(
            """{"version":"2.55.1","revision":"","branch":"","buildUser":"","buildDate":"","goVersion":""}""", DataOf(await GetAsync(Root + "status/buildinfo")));
        Assert.Equal("\"sum by (a) (rate(b{c=\\\"d\\\"}[1m]))\"", DataOf(await PostAsync(Root + "format_query", "query", "sum(rate(b{c='d'}[60s]))by(a)")));
        Assert.Equal("[]", DataOf(await PostAsync(Root + "query_exemplars", "query", "up", "start", "0", "end", "1")));
        Assert.Equal("""{"groups":[]}""", DataOf(await GetAsync(Root + "rules")));
        Assert.Equal("""{"alerts":[]}""", DataOf(await GetAsync(Root + "alerts")));
        foreach (var (method, path, status, type) in new[]
                 {
                     (HttpMethod.Get, "nothing", 404, "not_found"), (HttpMethod.Get, "label//values", 404, "not_found"), (HttpMethod.Delete, "query", 405, "bad_data"),
                     (HttpMethod.Post, "metadata", 405, "bad_data"), (HttpMethod.Get, "../v1/query?query=1", 404, "not_found"),
                 })
        {
            var answer = await SendAsync(new HttpRequestMessage(method, new Uri(Host.Http.BaseAddress + Root[1..] + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })));
            Assert.Equal(status, answer.Status);
            Assert.Contains($"\"errorType\":\"{type}\"", answer.Body, StringComparison.Ordinal);
        }
    }

    private async Task StartTwoAsync()
    {
        await StartAsync(dopplers: 2);
        await Dopplers[0].SendAsync(Counter("a", "requests", 0, 10, "0", ("job", "x")), Gauge("a", "cpu", 0, 0.5));
        await Dopplers[1].SendAsync(Counter("a", "requests", 10, 20, "0", ("job", "x")), Counter("b", "requests", 0, 7, "1"));
    }
}
