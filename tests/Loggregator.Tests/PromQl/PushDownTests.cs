using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Evaluation.PushDown;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.TestKit.PromQl;
using Xunit;

namespace Loggregator.Tests.PromQl;

/// <summary>Aggregations that parts of a store carry out come to what one engine over all series makes of them.</summary>
public sealed class PushDownTests
{
    private const long Start = 300_000, End = 720_000, Step = 37_000;
    private static readonly EngineOptions Options = new() { Parser = new ParserOptions { ExperimentalFunctions = true } };

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task GeneratedQuery_PushedDown_EqualsItselfOverAllSeries(int seed, bool delayed)
    {
        var generator = new QueryGenerator(seed);
        var all = generator.Series(minutes: 15);
        var engine = new Engine(Options with { DelayedNameRemoval = delayed }, TimeProvider.System);
        var pushed = 0;
        for (var i = 0; i < 400; i++)
        {
            var query = i % 2 == 0 ? generator.Query(3) : generator.Aggregation(2);
            var parts = new PartedSeries(all, seed: i);
            await AssertSameAsync(query, reader => engine.QueryAsync(reader, query, Start, TestContext.Current.CancellationToken), all, parts);
            await AssertSameAsync(query, reader => engine.QueryRangeAsync(reader, query, Start, End, Step, TestContext.Current.CancellationToken), all, parts);
            pushed += parts.Answered;
        }

        Assert.InRange(pushed, 200, int.MaxValue);
    }

    [Theory]
    [InlineData("sum(requests_total)", 1)]
    [InlineData("avg by (job) (rate(requests_total[5m] offset 1m))", 1)]
    [InlineData("topk(2, -last_over_time({job=\"a\"}[5m]))", 0)] // -x drops names
    [InlineData("topk(1 + 1, last_over_time({job=\"a\"}[5m]))", 1)]
    [InlineData("bottomk by (job) (1, abs(load * 2) > bool 3)", 1)]
    [InlineData("count(rate({__name__=~\"load|requests_total\"}[5m]))", 0)] // equal labels without the name are an error
    [InlineData("count({__name__=~\"load|requests_total\"} > 3)", 1)]
    [InlineData("sum(load) / count(load) + max(sum(load))", 3)]
    [InlineData("max_over_time(sum(load)[5m:1m])", 0)]
    [InlineData("sum(load @ end()) + sum(load)", 2)]
    [InlineData("sum(load * on(job) group_left () up)", 0)]
    [InlineData("topk(scalar(load), load)", 0)]
    [InlineData("stddev(load)", 0)]
    [InlineData("quantile(0.5, load)", 0)]
    [InlineData("group without (instance) (clamp(load, 1, time()))", 1)]
    [InlineData("avg(timestamp(load))", 1)]
    [InlineData("sum(absent(load))", 0)]
    [InlineData("sum(absent_over_time(load[5m]))", 0)]
    [InlineData("sum(label_replace(load, \"job\", \"\", \"job\", \".*\"))", 0)]
    public async Task Aggregation_IsPushedDown_WhereEachSeriesStandsForItself(string query, int times)
    {
        var all = new QueryGenerator(seed: 7).Series(minutes: 15);
        var parts = new PartedSeries(all, seed: 1);
        var engine = new Engine(Options, TimeProvider.System);
        await AssertSameAsync(query, reader => engine.QueryRangeAsync(reader, query, Start, End, Step, TestContext.Current.CancellationToken), all, parts);
        Assert.Equal(times, parts.Answered);
    }

    [Fact]
    public async Task Sums_OfHugeValues_AreAsOverAllSeries()
    {
        var all = new MemorySeries();
        double[] values = [1e308, 1, -1e308, 1e308, 1e308, 3, double.NaN, 1e16, 1, -1e16, double.PositiveInfinity, 5, double.NegativeInfinity];
        for (var i = 0; i < values.Length; i++)
        {
            all.Append(Labels.Of([new("__name__", "x"), new("group", i is 3 or 4 or 5 ? "over" : i is 6 ? "nan" : i is 7 or 8 or 9 ? "lost" : i < 3 ? "zero" : "inf"), new("i", $"{i}")]), 0, values[i]);
        }

        for (var seed = 0; seed < 50; seed++)
        {
            foreach (var query in (string[])["sum by (group) (x)", "avg by (group) (x)", "min by (group) (x)", "max by (group) (x)"])
            {
                await AssertSameAsync(query, reader => new Engine(Options, TimeProvider.System).QueryAsync(reader, query, 1, TestContext.Current.CancellationToken), all, new PartedSeries(all, seed));
            }
        }
    }

    [Fact]
    public async Task Samples_OfAllPartsTogether_AreLimited()
    {
        var all = new QueryGenerator(seed: 1).Series(minutes: 15);
        var engine = new Engine(Options with { MaxSamples = 30 }, TimeProvider.System);
        var fault = await Assert.ThrowsAsync<PromQlException>(
            async () => await engine.QueryAsync(new PartedSeries(all, seed: 1), "sum(rate(requests_total[5m]))", Start, TestContext.Current.CancellationToken));
        Assert.Contains("too many samples", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sum(x) + 1", 0, 10)]
    [InlineData("sum(x)", 0, 5)]
    [InlineData("stddev(x)", 0, 9)]
    public void Request_ForAnythingElse_IsRefused(string query, int start, int end) =>
        Assert.Throws<PromQlException>(() => PartialAggregation.Open(new AggregateRequest(query, new TextRange(start, end), 0, 1, 1, Options), int.MaxValue, TestContext.Current.CancellationToken));

    [Fact]
    public void Aggregation_Canceled_Ends()
    {
        using var cancel = new CancellationTokenSource();
        var aggregation = PartialAggregation.Open(new AggregateRequest("sum(x)", new TextRange(0, 6), 0, 1, 1, Options), int.MaxValue, cancel.Token);
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => aggregation.Add([]));
    }

    private static async Task AssertSameAsync(string query, Func<ISeriesReader, ValueTask<QueryResult>> run, MemorySeries all, PartedSeries parts)
    {
        var (expected, got) = (await TryAsync(run, all), await TryAsync(run, parts));
        Assert.True(expected.Error == got.Error, $"{query}: '{got.Error}' instead of '{expected.Error}'");
        if (expected.Result is null)
        {
            return;
        }

        var values = got.Result!.Series.ToDictionary(series => series.Labels, series => series.Samples);
        Assert.True(expected.Result.Series.Count == values.Count, $"{query}: {values.Count} series instead of {expected.Result.Series.Count}");
        foreach (var series in expected.Result.Series)
        {
            Assert.True(values.TryGetValue(series.Labels, out var samples) && samples.Length == series.Samples.Length, $"{query}: {series.Labels}");
            for (var i = 0; i < samples.Length; i++)
            {
                var (left, right) = (series.Samples.Span[i], samples.Span[i]);
                Assert.True(left.Time == right.Time && Close(left.Value, right.Value), $"{query}: {series.Labels} is {right} instead of {left}");
            }
        }

        Assert.Equal(expected.Result.Annotations.Select(remark => remark.Text).Order(), got.Result.Annotations.Select(remark => remark.Text).Order());
    }

    private static bool Close(double left, double right) => left.Equals(right) || Math.Abs(left - right) <= 1e-9 * Math.Max(Math.Abs(left), Math.Abs(right));

    private static async Task<(QueryResult? Result, string? Error)> TryAsync(Func<ISeriesReader, ValueTask<QueryResult>> run, ISeriesReader reader)
    {
        try
        {
            return (await run(reader), null);
        }
        catch (PromQlException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Deals the series of a store to three parts, which aggregate in pieces, and to a rest.</summary>
    private sealed class PartedSeries(MemorySeries all, int seed) : IAggregateReader
    {
        public int Answered { get; private set; }

        public ValueTask<SelectedSeries> SelectAsync(SeriesSelection selection, CancellationToken cancel) => all.SelectAsync(selection, cancel);

        public async ValueTask<AggregatedSeries?> AggregateAsync(AggregateRequest request, SeriesSelection selection, CancellationToken cancel)
        {
            Answered++;
            var random = new Random(seed);
            var dealt = (await all.SelectAsync(selection, cancel)).Series.OrderBy(_ => random.Next()).ToLookup(_ => random.Next(4));
            return new AggregatedSeries([.. Enumerable.Range(0, 3).Select(part => Aggregate(request, dealt[part], 1 + random.Next(3)))], [.. dealt[3]], []);
        }

        private static PartialGroups Aggregate(AggregateRequest request, IEnumerable<Series> series, int piece)
        {
            var aggregation = PartialAggregation.Open(request, int.MaxValue, TestContext.Current.CancellationToken);
            foreach (var some in series.Chunk(piece))
            {
                aggregation.Add(some);
            }

            return aggregation.Result();
        }
    }
}
