using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>What is below <c>/prometheus</c>: the HTTP API of Prometheus 2.55, as dashboards and its own tools speak it.</summary>
internal sealed class PrometheusApi
{
    private const string Root = "/prometheus/api/v1/", ValuesOf = "label/", Values = "/values";
    private readonly Dictionary<string, (bool Post, Func<ApiRequest, Task> Serve)> _paths;
    private readonly SeriesEndpoints _series;
    private readonly CallerScope _scopeOf;
    private readonly IOptions<TrafficControllerOptions> _options;
    private readonly TimeProvider _time;

    public PrometheusApi(QueryEndpoints queries, SeriesEndpoints series, CallerScope scopeOf, IOptions<TrafficControllerOptions> options, TimeProvider time)
    {
        (_series, _scopeOf, _options, _time) = (series, scopeOf, options, time);
        _paths = new(StringComparer.Ordinal)
        {
            ["query"] = (true, queries.QueryAsync),
            ["query_range"] = (true, queries.QueryRangeAsync),
            ["query_exemplars"] = (true, StatusEndpoints.NothingAsync),
            ["format_query"] = (true, StatusEndpoints.FormatAsync),
            ["series"] = (true, series.SeriesAsync),
            ["labels"] = (true, series.LabelsAsync),
            ["metadata"] = (false, series.MetadataAsync),
            ["status/buildinfo"] = (false, StatusEndpoints.BuildInfoAsync),
            ["rules"] = (false, request => StatusEndpoints.EmptyAsync(request, "groups")),
            ["alerts"] = (false, request => StatusEndpoints.EmptyAsync(request, "alerts")),
        };
    }

    public async Task HandleAsync(HttpContext context)
    {
        await using var answer = new ApiAnswer(context, _options.Value.WriteTimeout, _time);
        try
        {
            var serve = Find(LogCacheHttp.RawPath(context), context.Request.Method);
            await serve(new ApiRequest(context, answer, await ApiParameters.ReadAsync(context, _time.GetUtcNow()), _scopeOf(context)));
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

    private Func<ApiRequest, Task> Find(string path, string method)
    {
        var name = path.StartsWith(Root, StringComparison.Ordinal) ? path[Root.Length..] : "";
        var (post, serve) = name.StartsWith(ValuesOf, StringComparison.Ordinal) && name.EndsWith(Values, StringComparison.Ordinal) && name.Length > ValuesOf.Length + Values.Length
            ? (false, request => _series.ValuesAsync(request, name[ValuesOf.Length..^Values.Length]))
            : _paths.GetValueOrDefault(name);
        return serve is null ? throw new ApiException(ApiErrorType.NotFound, "there is no such path")
            : HttpMethods.IsGet(method) || (post && HttpMethods.IsPost(method)) ? serve
            : throw new ApiException(ApiErrorType.MethodNotAllowed, "use GET" + (post ? " or POST" : ""));
    }
}
