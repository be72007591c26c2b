using Loggregator.PromQl.Evaluation;
using Loggregator.TrafficController.Metrics;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Prometheus;

/// <summary><c>query</c> and <c>query_range</c>.</summary>
internal sealed class QueryEndpoints(MetricQueries queries, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    public Task QueryAsync(ApiRequest request)
    {
        var at = request.Parameters.Time("time", request.Parameters.Now);
        return EvaluateAsync(request, at, (engine, reading, cancel) => engine.QueryAsync(reading, request.Parameters.Text("query"), at, cancel));
    }

    public Task QueryRangeAsync(ApiRequest request)
    {
        var (start, end, step) = request.Parameters.Range();
        return EvaluateAsync(
            request, start, (engine, reading, cancel) => engine.QueryRangeAsync(reading, request.Parameters.Text("query"), start, end, step, cancel));
    }

    private Task EvaluateAsync(ApiRequest request, long at, Func<Engine, MetricReading, CancellationToken, ValueTask<QueryResult>> evaluate)
    {
        var (parameters, answer) = (request.Parameters, request.Answer);
        var limit = parameters.Limit();
        var engine = new Engine(parameters.Has("lookback_delta") ? queries.Engine with { Lookback = parameters.Lookback() } : queries.Engine, time);
        return queries.RunAsync(
            request.Scope,
            parameters.Timeout(options.Value.QueryTimeout),
            (reading, cancel) => evaluate(engine, reading, cancel),
            async result =>
            {
                answer.Begin();
                await answer.WriteAsync(result, at, limit);
                await answer.EndAsync(
                    [.. Texts(result, warnings: true), .. SeriesEndpoints.Truncated(result.Series.Count, limit)], [.. Texts(result, warnings: false)]);
            },
            request.Cancel);
    }

    private static IEnumerable<string> Texts(QueryResult result, bool warnings) =>
        result.Annotations.Where(remark => remark.IsWarning == warnings).Select(remark => remark.Text);
}
