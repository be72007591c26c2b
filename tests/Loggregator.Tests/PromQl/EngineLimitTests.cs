using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.TestKit.PromQl;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Loggregator.Tests.PromQl;

public sealed class EngineLimitTests
{
    private const string TooMany = "query processing would load too many samples into memory in query execution";

    private readonly MemorySeries _series = new QueryGenerator(seed: 2).Series(minutes: 20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("load[10m]")]
    [InlineData("sum_over_time(load[10m])")]
    [InlineData("max_over_time(vector(1)[10m:1s])")]
    [InlineData("sum_over_time(vector(1)[1y:1ms])")]
    [InlineData("{__name__=~\".+\"} * 2")]
    public async Task Query_OfTooManySamples_Fails(string query)
    {
        var engine = new Engine(new EngineOptions { MaxSamples = 10 }, TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryAsync(_series, query, 600_000, Cancel));
        Assert.Equal((PromQlFault.Execution, TooMany), (e.Fault, e.Message));
    }

    [Fact]
    public async Task SetOperator_CountsWhatItRemembers()
    {
        // Two sides, the result, and which steps the right side has.
        var engine = new Engine(new EngineOptions { MaxSamples = 4 }, TimeProvider.System);
        Assert.Single((await engine.QueryAsync(_series, "vector(1) and vector(1)", 0, Cancel)).Series);
        engine = new Engine(new EngineOptions { MaxSamples = 3 }, TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryAsync(_series, "vector(1) and vector(1)", 0, Cancel));
        Assert.Equal(TooMany, e.Message);
    }

    [Fact]
    public async Task RangeQuery_OfAYearAtAMillisecond_FailsAtOnce()
    {
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryRangeAsync(_series, "load", 0, 31_536_000_000, 1, Cancel));
        Assert.Equal((PromQlFault.Execution, TooMany), (e.Fault, e.Message));
    }

    [Theory]
    [InlineData("load[5m]", "range vector")]
    [InlineData("\"text\"", "string")]
    public async Task RangeQuery_OfTheWrongType_IsRefused(string query, string type)
    {
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryRangeAsync(_series, query, 0, 1000, 1000, Cancel));
        Assert.Equal((PromQlFault.Parameters, $"invalid expression type \"{type}\" for range query, must be Scalar or instant Vector"), (e.Fault, e.Message));
    }

    [Fact]
    public async Task RangeQuery_WithoutAStep_IsRefused()
    {
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryRangeAsync(_series, "load", 0, 1000, 0, Cancel));
        Assert.Equal(PromQlFault.Parameters, e.Fault);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("abs(")]
    [InlineData("sum(")]
    [InlineData("-")]
    [InlineData("1^")]
    public void Expression_Nested100000Deep_IsRefused(string open)
    {
        var options = new ParserOptions { MaxLength = int.MaxValue };
        var e = Assert.Throws<PromQlException>(() => Parser.Parse(string.Concat(Enumerable.Repeat(open, 100_000)), options));
        Assert.Contains("parse error: expression is too deep, of at most 1000 levels", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+ 1")]
    [InlineData("offset 1m [5m:]")]
    public void Chain_Of100000_IsRefused(string link)
    {
        var options = new ParserOptions { MaxLength = int.MaxValue };
        var query = "load " + (link[0] == '+' ? string.Concat(Enumerable.Repeat(link, 100_000)) : string.Concat(Enumerable.Repeat("[5m:]", 100_000)));
        var e = Assert.Throws<PromQlException>(() => Parser.Parse(query, options));
        Assert.Contains("parse error: expression is too deep", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Query_OfAMegabyte_IsRefused()
    {
        var e = Assert.Throws<PromQlException>(() => Parser.Parse(new string(' ', 1 << 20)));
        Assert.Equal("1:1: parse error: query is too long: 1048576 characters, of at most 131072", e.Message);
    }

    [Fact]
    public async Task Query_OfAnAllowedDepth_IsEvaluated()
    {
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var result = await engine.QueryRangeAsync(_series, string.Concat(Enumerable.Repeat("abs(", 400)) + "load" + new string(')', 400), 0, 600_000, 60_000, Cancel);
        Assert.Equal(4, result.Series.Count);
    }

    [Fact]
    public async Task Cancelled_Query_StopsAndSaysSo()
    {
        using var cancel = new CancellationTokenSource();
        var reader = new StuckReader(cancel.Cancel);
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryAsync(reader, "load", 0, cancel.Token));
        Assert.Equal((PromQlFault.Canceled, "query was canceled in expression evaluation"), (e.Fault, e.Message));
    }

    [Fact]
    public async Task Query_ThatTakesTooLong_StopsAndSaysSo()
    {
        var time = new FakeTimeProvider();
        var reader = new StuckReader(() => time.Advance(TimeSpan.FromSeconds(10)));
        var engine = new Engine(new EngineOptions { Timeout = TimeSpan.FromSeconds(10) }, time);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryAsync(reader, "load", 0, Cancel));
        Assert.Equal((PromQlFault.Timeout, "query timed out in expression evaluation"), (e.Fault, e.Message));
    }

    [Fact]
    public async Task Query_CancelledWhileItIsEvaluated_Stops()
    {
        using var cancel = new CancellationTokenSource();
        var reader = new CancellingReader(_series, cancel);
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await engine.QueryAsync(reader, "sum(load)", 0, cancel.Token));
        Assert.Equal(PromQlFault.Canceled, e.Fault);
    }

    [Fact]
    public async Task Warning_OfTheStore_ReachesTheResult()
    {
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var result = await engine.QueryAsync(new WarningReader(), "load", 0, Cancel);
        Assert.Equal(new Annotation(true, "a Doppler did not answer"), Assert.Single(result.Annotations));
    }

    [Fact]
    public async Task Names_DroppedAtOnce_MergeSeriesOfDifferentSteps()
    {
        var series = new MemorySeries();
        series.Append(Labels.Of([new("__name__", "first")]), 0, 1);
        series.Append(Labels.Of([new("__name__", "second")]), 600_000, 2);
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var result = await engine.QueryRangeAsync(series, "{__name__=~\"first|second\"} + 1", 0, 600_000, 600_000, Cancel);
        Assert.Equal([new Sample(0, 2), new Sample(600_000, 3)], Assert.Single(result.Series).Samples.ToArray());
    }

    private sealed class StuckReader(Action whenAsked) : ISeriesReader
    {
        public async ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel)
        {
            whenAsked();
            await Task.Delay(Timeout.Infinite, cancel);
            return new SelectedSeries([], []);
        }
    }

    private sealed class CancellingReader(MemorySeries series, CancellationTokenSource cancel) : ISeriesReader
    {
        public async ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken token)
        {
            var selected = await series.SelectAsync(selection, token);
            await cancel.CancelAsync();
            return selected;
        }
    }

    private sealed class WarningReader : ISeriesReader
    {
        public ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel) =>
            ValueTask.FromResult(new SelectedSeries([], ["a Doppler did not answer"]));
    }
}
