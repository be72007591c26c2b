using Loggregator.PromQl.Evaluation;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>What is below <c>/prometheus</c>: the HTTP API of Prometheus 2.55, as dashboards and its own tools speak it.</summary>
internal sealed class PrometheusApi(MetricQueries queries, CallerScope scopeOf, IOptions<TrafficControllerOptions> options, TimeProvider time)
{
    private const string Root = "/prometheus/api/v1/";

    public async Task HandleAsync(HttpContext context)
    {
        await using var answer = new ApiAnswer(context, options.Value.WriteTimeout, time);
        try
        {
            var parameters = await ApiParameters.ReadAsync(context, time.GetUtcNow());
            await ServeAsync(context, answer, parameters);
        }
        catch (Exception e) when (ApiException.Of(e) is { } error)
        {
            if (context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
            {
                context.Abort(); // it is gone, or did not take its answer
                return;
            }

            await answer.WriteErrorAsync(error);
        }
    }

    private Task ServeAsync(HttpContext context, ApiAnswer answer, ApiParameters parameters)
    {
        var path = LogCacheHttp.RawPath(context);
        return !path.StartsWith(Root, StringComparison.Ordinal) ? throw NotFound() : path[Root.Length..] switch
        {
            "query" => QueryAsync(context, answer, parameters),
            "query_range" => QueryRangeAsync(context, answer, parameters),
            _ => throw NotFound(),
        };
    }

    private Task QueryAsync(HttpContext context, ApiAnswer answer, ApiParameters parameters)
    {
        var at = parameters.Time("time", parameters.Now);
        return EvaluateAsync(context, answer, parameters, at, (engine, reading, cancel) => engine.QueryAsync(reading, parameters.Text("query"), at, cancel));
    }

    private Task QueryRangeAsync(HttpContext context, ApiAnswer answer, ApiParameters parameters)
    {
        var (start, end, step) = parameters.Range();
        return EvaluateAsync(
            context, answer, parameters, start, (engine, reading, cancel) => engine.QueryRangeAsync(reading, parameters.Text("query"), start, end, step, cancel));
    }

    private Task EvaluateAsync(
        HttpContext context, ApiAnswer answer, ApiParameters parameters, long at, Func<Engine, MetricReading, CancellationToken, ValueTask<QueryResult>> evaluate)
    {
        var limit = parameters.Limit();
        var engine = new Engine(parameters.Has("lookback_delta") ? queries.Engine with { Lookback = parameters.Lookback() } : queries.Engine, time);
        return queries.RunAsync(
            scopeOf(context),
            parameters.Timeout(options.Value.QueryTimeout),
            (reading, cancel) => evaluate(engine, reading, cancel),
            async result =>
            {
                answer.Begin();
                await answer.WriteAsync(result, at, limit);
                var warnings = result.Annotations.Where(remark => remark.IsWarning).Select(remark => remark.Text);
                await answer.EndAsync(
                    [.. warnings, .. result.Series.Count > limit ? ["results truncated due to limit"] : Array.Empty<string>()],
                    [.. result.Annotations.Where(remark => !remark.IsWarning).Select(remark => remark.Text)]);
            },
            context.RequestAborted);
    }

    private static ApiException NotFound() => new(ApiErrorType.NotFound, "there is no such path");
}
