using System.Globalization;
using Grpc.Core;
using Loggregator.Protocol.LogCache;
using Xunit;
using Wire = Loggregator.Protocol.LogCache.PromQL.Types;

namespace Loggregator.IntegrationTests.LogCache;

/// <summary>PromQL in log-cache's dialect, on both surfaces and over gRPC.</summary>
public sealed class QueryTests : LogCacheTest
{
    [Fact]
    public async Task Results_AreWrittenAsTheOriginalWritesThem()
    {
        await StartAsync(dopplers: 2);
        await SendInputsAsync();
        foreach (var surface in (Func<string, Uri>[])[Gateway, Api])
        {
            async Task AssertAsync(string path, string data) =>
                Assert.Equal($$$"""{"status":"success","data":{{{data}}}}""" + "\n", await OkAsync(surface(path)));

            await AssertAsync(
                $"/api/v1/query?query=requests_total%7Bsource_id%3D%22metrics%22%7D&time={Base}",
                $$$"""{"resultType":"vector","result":[{"metric":{"instance_id":"0","job":"api","source_id":"metrics"},"value":[{{{Base}}}.000,"120"]}]}""");
            await AssertAsync(
                $"/api/v1/query_range?query=cpu_usage%7Bsource_id%3D~%22metrics%7Cother%22%2Cjob%3D%22api%22%7D&start={Base - 30}&end={Base - 15}.5&step=15s",
                $$$"""{"resultType":"matrix","result":[{"metric":{"instance_id":"0","job":"api","source_id":"metrics"},"values":[[{{{Base - 30}}}.000,"38"],[{{{Base - 15}}}.000,"39"]]}]}""");
            await AssertAsync(
                $"/api/v1/query?query=http%7Bsource_id%3D%22metrics%22%7D%5B30s%5D&time={Base - 1}.25",
                $$$"""{"resultType":"matrix","result":[{"metric":{"instance_id":"0","method":"GET","peer_type":"Server","source_id":"metrics","status_code":"200"},"values":[[{{{Base - 30}}}.000,"39000000"],[{{{Base - 15}}}.000,"40000000"]]}]}""");
            await AssertAsync("/api/v1/query?query=nothing%7Bsource_id%3D%22metrics%22%7D", """{"resultType":"vector","result":[]}""");
            await AssertAsync(
                $"/api/v1/query?query=1e21%2Bscalar(requests_total%7Bsource_id%3D%22metrics%22%7D)*0&time={Base}",
                $$$"""{"resultType":"scalar","result":[{{{Base}}}.000,"1000000000000000000000"]}""");
        }
    }

    [Theory]
    [InlineData("query?query=sum(", "1:5: parse error: unclosed left parenthesis", "")]
    [InlineData("query?query=cpu", "metric 'cpu' does not have a 'source_id' label", "")]
    [InlineData("query?query=cpu%7Bsource_id!%3D%22a%22%7D", "metric 'cpu' does not have a 'source_id' label", "")]
    [InlineData("query?query=1%2B1", "query does not request any source_ids", null)]
    [InlineData("query?query=cpu%7Bsource_id%3D%22a%22%7D&time=x", "cannot parse \"x\" to a valid Unix or RFC3339 timestamp", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D&step=x&start=1", "couldn't parse step: cannot parse \"x\" to a valid duration", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D&step=1e30", "couldn't parse step: cannot parse \"1e30\" to a valid step. It overflows int64", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D&step=1", "couldn't parse start: cannot parse \"\" to a valid Unix or RFC3339 timestamp", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D&step=1&start=1&end=y", "couldn't parse end: cannot parse \"y\" to a valid Unix or RFC3339 timestamp", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D&step=0&start=1&end=1", "zero or negative query resolution step widths are not accepted. Try a positive integer", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D&step=1&start=2&end=1", "end timestamp must not be before start time", "")]
    [InlineData("query_range?query=cpu%7Bsource_id%3D%22a%22%7D%5B1m%5D&step=1&start=1&end=1", "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector", "")]
    public async Task Queries_ThatAreWrong_AreBadData(string path, string error, string? onGateway)
    {
        await StartAsync();
        var expected = $$"""{"status":"error","errorType":"bad_data","error":"{{error.Replace("\"", "\\\"", StringComparison.Ordinal)}}"}""" + "\n";
        Assert.Equal((400, expected), await AskAsync(Api("/api/v1/" + path)));
        if (onGateway is not null)
        {
            Assert.Equal((400, expected), await AskAsync(Gateway("/api/v1/" + path)));
        }
        else
        {
            Assert.Equal(200, (await AskAsync(Gateway("/api/v1/" + path))).Status);
        }
    }

    [Fact]
    public async Task Grpc_AnswersTheSame()
    {
        await StartAsync(dopplers: 2);
        await SendInputsAsync();
        var client = new PromQLQuerier.PromQLQuerierClient(Cluster.Open(Cluster.TrafficControllers[0]));
        var at = Base.ToString(CultureInfo.InvariantCulture);
        var vector = await client.InstantQueryAsync(
            new Wire.InstantQueryRequest { Query = "sum(requests_total{source_id=\"metrics\"})", Time = at }, cancellationToken: Patience);
        Assert.Equal("{ \"vector\": { \"samples\": [ { \"point\": { \"time\": \"" + at + ".000\", \"value\": 120 } } ] } }", vector.ToString());
        var scalar = await client.InstantQueryAsync(new Wire.InstantQueryRequest { Query = "1+1", Time = at + ".5" }, cancellationToken: Patience);
        Assert.Equal((at + ".500", 2), (scalar.Scalar.Time, scalar.Scalar.Value));
        var matrix = await client.RangeQueryAsync(
            new Wire.RangeQueryRequest
            {
                Query = "http{source_id=\"metrics\"}",
                Start = (Base - 15).ToString(CultureInfo.InvariantCulture),
                End = at,
                Step = "15",
            },
            cancellationToken: Patience);
        var series = Assert.Single(matrix.Matrix.Series);
        Assert.Equal("GET", series.Metric["method"]);
        Assert.DoesNotContain("__name__", series.Metric.Keys);
        Assert.Equal([40e6, 40e6], series.Points.Select(point => point.Value));
        var wrong = await Assert.ThrowsAsync<RpcException>(
            async () => await client.InstantQueryAsync(new Wire.InstantQueryRequest { Query = "cpu" }, cancellationToken: Patience));
        Assert.Equal(
            (StatusCode.InvalidArgument, "metric 'cpu' does not have a 'source_id' label"), (wrong.StatusCode, wrong.Status.Detail));
    }

    [Fact]
    public async Task Methods_AndForms_AreTakenAsForReads()
    {
        await StartAsync();
        foreach (var surface in (Func<string, Uri>[])[Gateway, Api])
        {
            using var form = new FormUrlEncodedContent([new("query", "absent(x{source_id=\"a\"})"), new("time", "5")]);
            using var response = await Http.PostAsync(surface("/api/v1/query"), form, Patience);
            Assert.Equal(
                """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"source_id":"a"},"value":[5.000,"1"]}]}}""" + "\n",
                await response.Content.ReadAsStringAsync(Patience));
            using var refused = await Http.DeleteAsync(surface("/api/v1/query"), Patience);
            Assert.Equal(501, (int)refused.StatusCode);
            Assert.Equal("""{"status":"error","errorType":"internal","error":"Method Not Allowed"}""" + "\n", await refused.Content.ReadAsStringAsync(Patience));
        }
    }

    private async Task<string> OkAsync(Uri uri)
    {
        var (status, body) = await AskAsync(uri);
        Assert.Equal("200 " + body, status + " " + body);
        return body;
    }

    private async Task<(int Status, string Body)> AskAsync(Uri uri)
    {
        using var response = await Http.GetAsync(uri, Patience);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Patience));
    }
}
