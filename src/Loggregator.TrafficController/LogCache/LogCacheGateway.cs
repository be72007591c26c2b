using Loggregator.Protocol.Json;
using Loggregator.Protocol.LogCache;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.LogCache;

/// <summary>The surface of log-cache's own gateway, which its tools inside a platform reach, on a port of its own: source ids may have several segments.</summary>
internal sealed class LogCacheGateway(LogCacheHttp http)
{
    private const string Read = "/api/v1/read/";

    public Task HandleAsync(HttpContext context)
    {
        var path = LogCacheHttp.RawPath(context);
        if (path.StartsWith(Read, StringComparison.Ordinal))
        {
            return http.ReadAsync(context, path[Read.Length..]);
        }

        return path switch
        {
            "/api/v1/meta" => MetaAsync(context),
            "/api/v1/info" => LogCacheHttp.InfoAsync(context),
            "/api/v1/query" => http.QueryAsync(context, ranged: false, strict: false),
            "/api/v1/query_range" => http.QueryAsync(context, ranged: true, strict: false),
            _ => LogCacheHttp.RefuseAsync(context, ReadFault.NotFound),
        };
    }

    // A Traffic Controller is one node to its clients: what is local to it is everything.
    private async Task MetaAsync(HttpContext context)
    {
        var (parameters, fault) = await LogCacheHttp.ParametersAsync(context);
        fault ??= RequestBinding.Bind(parameters, new MetaRequest());
        var meta = fault is null ? await http.MetaAsync(context) : null;
        if (meta is null)
        {
            await LogCacheHttp.RefuseAsync(context, fault ?? ReadFault.NoMeta);
            return;
        }

        await LogCacheHttp.WriteJsonAsync(context, writer => LogCacheJson.WriteMeta(writer, meta));
    }
}
