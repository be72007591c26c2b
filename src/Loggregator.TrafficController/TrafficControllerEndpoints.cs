using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Prometheus;
using Loggregator.TrafficController.Query;
using Loggregator.TrafficController.Streams.Attach;
using Loggregator.TrafficController.Streams.Grpc;
using Loggregator.TrafficController.Streams.Sse;
using Loggregator.TrafficController.Streams.WebSocket;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Loggregator.TrafficController;

/// <summary>Maps the Traffic Controller's calls.</summary>
public static class TrafficControllerEndpoints
{
    /// <summary>Maps gRPC and HTTP; for a host whose listeners serve both.</summary>
    public static IEndpointRouteBuilder MapTrafficController(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapTrafficControllerGrpc();
        endpoints.MapTrafficControllerHttp();
        return endpoints;
    }

    /// <summary>Maps <c>loggregator.v2.Egress</c>, <c>logcache.v1.Egress</c> and <c>PromQLQuerier</c>, and <c>Attach</c> for our own clients.</summary>
    public static IEndpointRouteBuilder MapTrafficControllerGrpc(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<EgressService>();
        endpoints.MapGrpcService<AttachService>();
        endpoints.MapGrpcService<LogCacheEgress>();
        endpoints.MapGrpcService<PromQlQuerier>();
        return endpoints;
    }

    /// <summary>Maps <c>/v2/read</c>, <c>/v2/stream</c>, <c>/v2/recent</c>, <c>/v2/sources</c>, and what is below <c>/apps</c>, <c>/firehose</c>, <c>/api/v1</c> and <c>/prometheus</c>.</summary>
    public static IEndpointRouteBuilder MapTrafficControllerHttp(this IEndpointRouteBuilder endpoints)
    {
        var sse = endpoints.ServiceProvider.GetRequiredService<SseEndpoints>();
        var sources = endpoints.ServiceProvider.GetRequiredService<SourcesEndpoint>();
        var v1 = endpoints.ServiceProvider.GetRequiredService<WebSocketEndpoints>();
        var logCache = endpoints.ServiceProvider.GetRequiredService<LogCacheApi>();
        var prometheus = endpoints.ServiceProvider.GetRequiredService<PrometheusApi>();
        var federate = endpoints.ServiceProvider.GetRequiredService<FederateEndpoint>();
        var cookies = endpoints.ServiceProvider.GetRequiredService<SetCookieEndpoint>();
        endpoints.Map("/set-cookie", (RequestDelegate)cookies.HandleAsync);
        endpoints.Map("/apps/{**rest}", (RequestDelegate)v1.ServeAsync);
        endpoints.Map("/firehose/{**rest}", (RequestDelegate)v1.ServeAsync);
        endpoints.Map("/v2/read", (RequestDelegate)sse.ReadAsync);
        endpoints.MapGet("/v2/stream", (RequestDelegate)sse.StreamAsync);
        endpoints.MapGet("/v2/recent", (RequestDelegate)sse.RecentAsync);
        endpoints.MapGroup("/api/v1").Map("{**rest}", (RequestDelegate)logCache.HandleAsync);
        endpoints.MapGet("/prometheus/federate", (RequestDelegate)federate.HandleAsync);
        endpoints.MapGroup("/prometheus").Map("{**rest}", (RequestDelegate)prometheus.HandleAsync);
        endpoints.MapGet("/v2/sources", (RequestDelegate)sources.HandleAsync);
        return endpoints;
    }

    /// <summary>Serves all requests of a port that is log-cache's gateway.</summary>
    public static RequestDelegate LogCacheGateway(IServiceProvider services) => services.GetRequiredService<LogCacheGateway>().HandleAsync;
}
