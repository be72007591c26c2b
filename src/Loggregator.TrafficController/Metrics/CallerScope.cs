using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Tells whose metrics the caller of a request may see.</summary>
internal delegate SourceScope CallerScope(HttpContext caller);
