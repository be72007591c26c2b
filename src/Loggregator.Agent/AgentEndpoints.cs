using Loggregator.Agent.Ingress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Loggregator.Agent;

/// <summary>Maps what producers call.</summary>
public static class AgentEndpoints
{
    /// <summary>Maps <c>loggregator.v2.Ingress</c>.</summary>
    public static IEndpointRouteBuilder MapAgent(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<AgentIngress>();
        return endpoints;
    }
}
