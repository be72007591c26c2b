using System.Net;
using System.Text;
using System.Text.Json;
using Loggregator.Commands;
using Loggregator.Terminal;
using Xunit;

namespace Loggregator.Tests.Exe;

public sealed class QueryCommandTests
{
    private const string Nowhere = "http://127.0.0.1:1";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_787_407_260_500);

    [Theory]
    [InlineData("sum(x y)", "1:7: parse error: unexpected identifier \"y\" in aggregation", "sum(x y)", 6)]
    [InlineData("rate(up)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector", "rate(up)", 5)]
    [InlineData("up{", "1:4: parse error: unexpected end of input inside braces", "up{", 3)]
    [InlineData("# nothing", "1:1: parse error: no expression found in input", "# nothing", 0)]
    [InlineData("# all\n\tsum by (job) (\n\t  rate(up[5m) )", "3:14: parse error: unexpected \")\" in subquery or range, expected \":\" or \"]\"", "   rate(up[5m) )", 13)]
    [InlineData("up{a=\"日本\"} @@", "1:17: parse error: unexpected <op:@> in @, expected timestamp", "up{a=\"日本\"} @@", 14)]
    public async Task Query_ThatIsNoPromQl_IsRefusedHereWithAMarkUnderThePlace(string expression, string message, string line, int column)
    {
        var ran = await CommandLine.RunAsync("query", expression, "--url", Nowhere);
        Assert.Equal((2, $"loggregator query: {message}\n  {line}\n  {new string(' ', column)}^\n"), (ran.ExitCode, ran.Error));
    }

    [Fact]
    public void Fault_InALongLine_IsShownWithWhatIsAroundIt()
    {
        var expression = string.Join(" + ", Enumerable.Repeat("up", 100)) + " + ) + " + string.Join(" + ", Enumerable.Repeat("down", 100));
        var lines = QueryFault.Find(expression)!.Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(')', lines[1][lines[2].IndexOf('^', StringComparison.Ordinal)]);
        Assert.True(lines[1].Length < 110);
    }

    [Theory]
    [InlineData("invalid parameter \"query\": 1:3: parse error: bad", "invalid parameter \"query\": 1:3: parse error: bad\n  up up\n    ^")]
    [InlineData("9:1: parse error: bad", "9:1: parse error: bad")]
    [InlineData("1:99: parse error: bad", "1:99: parse error: bad\n  up up\n       ^")]
    [InlineData("0:0: parse error: bad", "0:0: parse error: bad")]
    [InlineData("999999999999:1: parse error: \u001b[2Jbad", "999999999999:1: parse error: bad")]
    [InlineData("query timed out", "query timed out")]
    public void Fault_OfTheServer_IsMarkedWhereItNamesAPlaceOfTheExpression(string message, string expected) => Assert.Equal(expected, QueryFault.Describe("up up", message));

    [Theory]
    [InlineData("there is no expression", "query")]
    [InlineData("there is no expression", "query", "--watch", "5s")]
    [InlineData("Did you mean '--range'?", "query", "--rang")]
    [InlineData("--range takes a duration, such as 15s or 1h30m, not '1x'", "query", "up", "--range", "1x")]
    [InlineData("--range takes a duration", "query", "up", "--range", "0s")]
    [InlineData("--range takes a duration", "query", "up", "--range", "101y")]
    [InlineData("--step takes a duration", "query", "up", "--range", "1h", "--step", "-5s")]
    [InlineData("--step is of a --range", "query", "up", "--step", "5s")]
    [InlineData("--time takes a time", "query", "up", "--time", "tomorrow")]
    [InlineData("--watch takes a duration from 100ms up, such as 5s, not '1ms'", "query", "up", "--watch", "1ms")]
    [InlineData("--watch takes a duration from 100ms up, such as 5s, not 'often'", "query", "up", "--watch", "often")]
    [InlineData("--lines takes a number from 1 up", "query", "up", "--lines", "0")]
    [InlineData("'xml' not recognized", "query", "up", "--format", "xml")]
    public async Task Options_ThatMakeNoSense_AreWrongUsage(string message, params string[] args)
    {
        var ran = await CommandLine.RunAsync(args);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(message, ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("query", "up")]
    [InlineData("query", "--watch", "sum(up)")] // not an interval
    [InlineData("query", "--watch=5s", "up", "--range", "90", "--time", "1787407200.5", "--lines", "3", "-o", "csv")]
    public async Task Server_ThatIsNotThere_IsTold(params string[] args)
    {
        var ran = await CommandLine.RunAsync([.. args, "--url", Nowhere]);
        Assert.Equal((1, $"loggregator: Cannot ask {Nowhere}: nothing listens there; is 'loggregator dev' running?\n"), (ran.ExitCode, ran.Error));
    }

    [Fact]
    public async Task Help_TeachesWithExamples()
    {
        var ran = await CommandLine.RunAsync("query", "--help");
        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("histogram_quantile(0.99", ran.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("15s", 15_000L)]
    [InlineData("1h30m", 5_400_000L)]
    [InlineData("500ms", 500L)]
    [InlineData("0.5", 500L)]
    [InlineData("100y", 3_153_600_000_000)]
    [InlineData("90", 90_000L)]
    [InlineData("5m1h", null)]
    [InlineData("0", null)]
    [InlineData("1e3", null)]
    [InlineData("99999999999999999999", null)]
    public void Duration_IsReadAsPrometheusWritesIt(string text, long? milliseconds) => Assert.Equal(milliseconds, (long?)QueryMoment.ReadDuration(text)?.TotalMilliseconds);

    [Theory]
    [InlineData("1787407200.25", 1_787_407_200_250)]
    [InlineData("2026-08-22T14:00:00Z", 1_787_407_200_000)]
    [InlineData("2026-08-22T16:00:00.5+02:00", 1_787_407_200_500)]
    [InlineData("1m", 1_787_407_200_500)]
    [InlineData("-5", null)]
    [InlineData("2026-08-22", null)]
    [InlineData("1e300", null)]
    public void Time_IsOfAClockOrBeforeNow(string text, long? milliseconds) => Assert.Equal(milliseconds, QueryMoment.Read(text)?.Of(Now).ToUnixTimeMilliseconds());

    [Theory]
    [InlineData(60, 1)]
    [InlineData(3600, 15)]
    [InlineData(86_400, 600)]
    [InlineData(31_536_000, 172_800)]
    public void Step_WhenNoneIsGiven_IsRoundAndCutsTheRangeIntoFewParts(int range, int step) =>
        Assert.Equal(TimeSpan.FromSeconds(step), QueryMoment.StepOf(TimeSpan.FromSeconds(range)));

    [Fact]
    public async Task Ask_Instant_PostsTheQueryAlone()
    {
        var edge = new FakeApi(HttpStatusCode.OK, """{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}""");
        var answer = await edge.AskAsync(new QueryRequest("a+b", null, null, default));
        Assert.Equal(("/prometheus/api/v1/query", "query=a%2Bb"), (edge.Path, edge.Body));
        Assert.Equal("""{"resultType":"scalar","result":[1,"2"]}""", answer.Json);
        await edge.AskAsync(new QueryRequest("a", QueryMoment.Read("1m"), null, default));
        Assert.Equal("query=a&time=1787407200.5", edge.Body);
    }

    [Fact]
    public async Task Ask_Range_PostsStartEndAndStep()
    {
        var edge = new FakeApi(HttpStatusCode.OK, """{"status":"success","data":{"resultType":"matrix","result":[]}}""");
        await edge.AskAsync(new QueryRequest("a", null, TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(1500)));
        Assert.Equal(("/prometheus/api/v1/query_range", "query=a&start=1787403660.5&end=1787407260.5&step=1.5"), (edge.Path, edge.Body));
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, "bad_data", true)]
    [InlineData(HttpStatusCode.UnprocessableEntity, "execution", false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, "timeout", false)]
    public async Task Ask_Refused_HasTheServersWords(HttpStatusCode status, string type, bool byItsFault)
    {
        var edge = new FakeApi(status, $$"""{"status":"error","errorType":"{{type}}","error":"no way"}""");
        var refused = await Assert.ThrowsAsync<QueryRefusedException>(() => edge.AskAsync(new QueryRequest("a", null, null, default)));
        Assert.Equal(("no way", byItsFault), (refused.Message, refused.ByItsFault));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "serves no /prometheus/api/v1/query")]
    [InlineData(HttpStatusCode.Unauthorized, "--token")]
    [InlineData(HttpStatusCode.BadGateway, "answers 502 Bad Gateway")]
    [InlineData(HttpStatusCode.OK, "not as Prometheus' API")]
    public async Task Ask_SomethingElse_IsTold(HttpStatusCode status, string message)
    {
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => new FakeApi(status, "<html>", "text/html").AskAsync(new QueryRequest("a", null, null, default)));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<JsonException>(() => new FakeApi(HttpStatusCode.OK, "{").AskAsync(new QueryRequest("a", null, null, default)));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(42, "42")]
    [InlineData(123456789012, "123456789012")]
    [InlineData(1.0 / 3, "0.333333")]
    [InlineData(1234567.891, "1234568")]
    [InlineData(99999.96, "100000")]
    [InlineData(99999.94, "99999.9")]
    [InlineData(0.00012345678, "0.000123457")]
    [InlineData(0.000012345678, "1.23457e-05")]
    [InlineData(1e15, "1e+15")]
    [InlineData(-2.5e300, "-2.5e+300")]
    [InlineData(0.1, "0.1")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Number_Readable_HasSixDigitsAndAllWholeOnes(double value, string expected)
    {
        Assert.Equal(expected, NumberText.Readable(value));
        Assert.Equal(value, NumberText.Parse(NumberText.Exact(value)));
    }

    private sealed class FakeApi(HttpStatusCode status, string answer, string type = "application/json") : HttpMessageHandler
    {
        public string Path { get; private set; } = "";

        public string Body { get; private set; } = "";

        public async Task<QueryAnswer> AskAsync(QueryRequest request)
        {
            using var http = new HttpClient(this, disposeHandler: false) { BaseAddress = new Uri("http://edge") };
            return await new QueryClient(http).AskAsync(request, Now, TestContext.Current.CancellationToken);
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            (Path, Body) = (request.RequestUri!.AbsolutePath, await request.Content!.ReadAsStringAsync(cancellationToken));
            return new HttpResponseMessage(status) { Content = new StringContent(answer, Encoding.UTF8, type) };
        }
    }
}
