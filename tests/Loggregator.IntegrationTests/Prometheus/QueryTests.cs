using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary><c>query</c> and <c>query_range</c> answer as Prometheus does, byte for byte.</summary>
public sealed class QueryTests : MetricsTest
{
    private const string Query = "/prometheus/api/v1/query", Range = "/prometheus/api/v1/query_range";

    [Fact]
    public async Task Answers_HavePrometheusShapes()
    {
        await StartAsync();
        await Dopplers[0].SendAsync(
            Counter("app", "requests.total", 0, 10, "0", ("job", "a\"b")), Counter("app", "requests.total", 15.25, 25, "0", ("job", "a\"b")), Gauge("app", "cpu", 10, 0.25, "1"));

        AssertAnswer(
            $$$"""{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"requests_total","instance_id":"0","job":"a\"b","source_id":"app"},"value":[{{{At(20)}}},"25"]}]}}""",
            await GetAsync(Query, "query", "requests_total", "time", At(20)));
        AssertAnswer(
            $$$"""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"requests_total","instance_id":"0","job":"a\"b","source_id":"app"},"values":[[{{{At(0)}}},"10"],[{{{At(15)}}}.250,"25"]]}]}}""",
            await GetAsync(Query, "query", "requests_total[1m]", "time", At(20)));
        AssertAnswer(
            $$$"""{"status":"success","data":{"resultType":"scalar","result":[{{{At(20)}}}.5,"1e+21"]}}""".Replace("1e+21", "1000000000000000000000", StringComparison.Ordinal),
            await GetAsync(Query, "query", "1e21", "time", At(20) + ".5"));
        AssertAnswer(
            $$$"""{"status":"success","data":{"resultType":"string","result":[{{{At(20)}}},"x<y"]}}""",
            await GetAsync(Query, "query", "\"x<y\"", "time", At(20)));
        AssertAnswer(
            $$$"""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"instance_id":"1","source_id":"app"},"values":[[{{{At(10)}}},"-0.25"],[{{{At(15)}}}.500,"-0.25"],[{{{At(21)}}},"-0.25"]]}]}}""",
            await PostAsync(Range, "query", "-cpu", "start", At(4) + ".5", "end", At(21) + ".9", "step", "5.5"));
        AssertAnswer("""{"status":"success","data":{"resultType":"vector","result":[]}}""", await GetAsync(Query, "query", "nothing"));
        AssertAnswer(
            """{"status":"success","data":{"resultType":"matrix","result":[]}}""", await GetAsync(Range, "query", "nothing", "start", "0", "end", "1", "step", "1s"));
        AssertAnswer(
            $$$"""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[{{{At(0)}}},"1e-07"]},{"metric":{"a":"b"},"value":[{{{At(0)}}},"-Inf"]}]}}""",
            await GetAsync(Query, "query", "vector(1e-7) or label_replace(vector(-Inf), \"a\", \"b\", \"\", \"\")", "time", At(0)));
    }

    [Theory]
    [InlineData("", "400", "bad_data", "invalid parameter \"query\": unknown position: parse error: no expression found in input")]
    [InlineData("query=sum(", "400", "bad_data", "invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis")]
    [InlineData("query=1&time=x", "400", "bad_data", "invalid parameter \"time\": cannot parse \"x\" to a valid timestamp")]
    [InlineData("query=1&time=NaN", "400", "bad_data", "invalid parameter \"time\": cannot parse \"NaN\" to a valid timestamp")]
    [InlineData("query=1&timeout=x", "400", "bad_data", "invalid parameter \"timeout\": cannot parse \"x\" to a valid duration")]
    [InlineData("query=1&timeout=1e30", "400", "bad_data", "invalid parameter \"timeout\": cannot parse \"1e30\" to a valid duration. It overflows int64")]
    [InlineData("query=1&limit=-1", "400", "bad_data", "invalid parameter \"limit\": limit must be non-negative")]
    [InlineData("query=1&limit=x", "400", "bad_data", "invalid parameter \"limit\": cannot parse \"x\" to a number")]
    [InlineData("query=1&timeout=0", "503", "timeout", "query timed out in query execution")]
    [InlineData("query=label_replace(vector(1),%22a%22,%22%22,%22a%22,%22(%22)", "422", "execution", "invalid regular expression in label_replace(): (")]
    public async Task Query_ThatIsWrong_IsRefused(string parameters, string status, string type, string error)
    {
        await StartAsync();
        var (code, body) = await GetAsync(Query + "?" + parameters);
        Assert.Equal($$"""{"status":"error","errorType":"{{type}}","error":"{{error.Replace("\"", "\\\"", StringComparison.Ordinal)}}"}""", body);
        Assert.Equal(status, code.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("1", "0", "5", "invalid parameter \"end\": cannot parse \"\" to a valid timestamp", false)]
    [InlineData("5", "1", "1", "invalid parameter \"end\": end timestamp must not be before start time")]
    [InlineData("1", "5", "", "invalid parameter \"step\": cannot parse \"\" to a valid duration")]
    [InlineData("1", "5", "0", "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer")]
    [InlineData("1", "5", "-1", "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer")]
    [InlineData("0", "31536000", "0.001", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")]
    [InlineData("0", "11001", "1", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")]
    public async Task Range_ThatIsWrong_IsRefused(string start, string end, string step, string error, bool withEnd = true)
    {
        await StartAsync();
        var (code, body) = await GetAsync(Range, "query", "1", "start", start, withEnd ? "end" : "x", end, "step", step);
        Assert.Equal($$"""{"status":"error","errorType":"bad_data","error":"{{error.Replace("\"", "\\\"", StringComparison.Ordinal)}}"}""", body);
        Assert.Equal(400, code);
        Assert.Equal((200, """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"],[11000,"1"]]}]}}"""), await GetAsync(Range, "query", "1", "start", "0", "end", "11000", "step", "11000"));
    }

    private static void AssertAnswer(string expected, (int Status, string Body) answer)
    {
        Assert.Equal(expected, answer.Body);
        Assert.Equal(200, answer.Status);
    }
}
