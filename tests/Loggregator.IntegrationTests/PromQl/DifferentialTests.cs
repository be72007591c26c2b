using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.TestKit.PromQl;
using Xunit;

namespace Loggregator.IntegrationTests.PromQl;

/// <summary>The same series in a real Prometheus and here: generated queries of what both know have the same answers.</summary>
public sealed class DifferentialTests
{
    private const int Queries = 500, Minutes = 20;
    private const long Second = 1000;

    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Engine_OverTheSameSeries_AnswersAsPrometheus()
    {
        await using var prometheus = await PrometheusServer.StartAsync(Patience);
        var generator = new QueryGenerator(seed: 1, common: true);
        var store = generator.Series(Minutes);
        await prometheus.WriteAsync([.. (await store.SelectAsync(new SeriesSelection([], 0, long.MaxValue, int.MaxValue), Patience)).Series], Patience);
        var engine = new Engine(new EngineOptions(), TimeProvider.System);
        var comparison = new AnswerComparison();
        for (var i = 0; i < Queries; i++)
        {
            var query = generator.Query(3);
            var at = (i % (Minutes * 60)) * Second;
            comparison.Add(
                $"{query} at {at}", await prometheus.Api.QueryAsync(query, at, Patience), await TryAsync(() => engine.QueryAsync(store, query, at, Patience)));
            comparison.Add(
                $"{query} as a range",
                await prometheus.Api.QueryRangeAsync(query, 300 * Second, 1320 * Second, 34 * Second, Patience),
                await TryAsync(() => engine.QueryRangeAsync(store, query, 300 * Second, 1320 * Second, 34 * Second, Patience)));
        }

        comparison.AssertSame(Queries);
    }

    private static async Task<(IReadOnlyList<Series>? Series, string Error)> TryAsync(Func<ValueTask<QueryResult>> query)
    {
        try
        {
            return ((await query()).Series, "");
        }
        catch (PromQlException e)
        {
            return (null, e.Message);
        }
    }
}
