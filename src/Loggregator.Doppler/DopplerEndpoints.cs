using Loggregator.Doppler.Egress;
using Loggregator.Doppler.Ingress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Loggregator.Doppler;

/// <summary>Maps the doppler role's services.</summary>
public static class DopplerEndpoints
{
    /// <summary>Maps Ingress, Egress and the internal service.</summary>
    public static IEndpointRouteBuilder MapDoppler(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<DopplerIngress>();
        endpoints.MapGrpcService<DopplerEgress>();
        endpoints.MapGrpcService<InternalDoppler>();
        return endpoints;
    }
}
