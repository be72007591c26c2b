using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.TestKit.PromQl;
using Xunit;

namespace Loggregator.Tests.PromQl;

/// <summary>A range query, evaluated in one pass over each series, is what instant queries at its steps are.</summary>
public sealed class RangeEvaluationTests
{
    private const long Start = 300_000;
    private const long Step = 37_000;
    private const int Steps = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Range_EqualsInstantAtEachStep(int seed)
    {
        var generator = new QueryGenerator(seed);
        var series = generator.Series(minutes: 15);
        var engine = new Engine(new EngineOptions { Parser = new ParserOptions { ExperimentalFunctions = true } }, TimeProvider.System);
        var compared = 0;
        for (var i = 0; i < 400; i++)
        {
            // start() and end() are different times for the two, and k of topk is that of the first step.
            var query = generator.Query(3);
            if (!query.Contains("start()", StringComparison.Ordinal) && !query.Contains("end()", StringComparison.Ordinal))
            {
                compared += await CompareAsync(engine, series, query) ? 1 : 0;
            }
        }

        Assert.InRange(compared, 100, 400);
    }

    private static async Task<bool> CompareAsync(Engine engine, MemorySeries series, string query)
    {
        var cancel = TestContext.Current.CancellationToken;
        QueryResult range;
        try
        {
            range = await engine.QueryRangeAsync(series, query, Start, Start + ((Steps - 1) * Step), Step, cancel);
        }
        catch (PromQlException)
        {
            return false; // that series share labels at some step is an error for the whole range
        }

        for (var time = Start; time < Start + (Steps * Step); time += Step)
        {
            var instant = await engine.QueryAsync(series, query, time, cancel);
            var expected = instant.Series.ToDictionary(one => one.Labels, one => one.Samples.Span[0].Value);
            var got = range.Series.SelectMany(one => one.Samples.ToArray().Where(sample => sample.Time == time).Select(sample => (one.Labels, sample.Value)))
                .ToDictionary(one => one.Labels, one => one.Value);
            Assert.True(expected.Count == got.Count && expected.All(one => got.TryGetValue(one.Key, out var value) && value.Equals(one.Value)), $"{query} at {time}");
        }

        return range.Series.Count > 0;
    }
}
