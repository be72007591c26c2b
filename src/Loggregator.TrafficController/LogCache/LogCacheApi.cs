using Loggregator.Protocol.Json;
using Loggregator.TrafficController.Streams;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.LogCache;

/// <summary>What is below <c>/api/v1</c> on the HTTP port: the surface of log-cache's authenticating proxy, which <c>cf</c> and its plugins reach.</summary>
internal sealed class LogCacheApi(LogCacheHttp http)
{
    private const string Read = "/api/v1/read/";

    public Task HandleAsync(HttpContext context)
    {
        var path = LogCacheHttp.RawPath(context);
        if (path.StartsWith(Read, StringComparison.Ordinal) && path.Length > Read.Length && !path.AsSpan(Read.Length).Contains('/'))
        {
            return http.ReadAsync(context, path[Read.Length..]);
        }

        return path switch
        {
            "/api/v1/meta" => MetaAsync(context),
            "/api/v1/info" => LogCacheHttp.InfoAsync(context),
            "/api/v1/query" => http.QueryAsync(context, ranged: false, strict: true),
            "/api/v1/query_range" => http.QueryAsync(context, ranged: true, strict: true),
            _ => NotFound.WriteAsync(context.Response),
        };
    }

    private async Task MetaAsync(HttpContext context)
    {
        if (await http.MetaAsync(context) is not { } meta)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        await LogCacheHttp.WriteJsonAsync(context, writer => LogCacheJson.WriteShortMeta(writer, meta), "text/plain; charset=utf-8");
    }
}
