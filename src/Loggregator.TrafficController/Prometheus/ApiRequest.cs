using Loggregator.TrafficController.Metrics;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>A request, and what answers it.</summary>
/// <param name="Context">The request.</param>
/// <param name="Answer">Takes the answer.</param>
/// <param name="Parameters">Of its URL and form.</param>
/// <param name="Scope">Whose metrics the caller may see.</param>
internal sealed record ApiRequest(HttpContext Context, ApiAnswer Answer, ApiParameters Parameters, SourceScope Scope)
{
    /// <summary>Ends it: the caller is gone.</summary>
    public CancellationToken Cancel => Context.RequestAborted;
}
