using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>The refusals of <c>/v2/read</c>, byte for byte those of the original gateway: clients and tests compare them.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Error">What programs look at.</param>
/// <param name="Message">What people read.</param>
internal sealed record GatewayError(int Status, string Error, string Message)
{
    public static readonly GatewayError EmptyQuery = new(400, "empty_query", "query cannot be empty");
    public static readonly GatewayError MissingType = new(400, "missing_envelope_type", "query must provide at least one envelope type");
    public static readonly GatewayError MethodNotAllowed = new(405, "method_not_allowed", "method not allowed");
    public static readonly GatewayError StreamingUnavailable = new(503, "streaming_unavailable", "streaming is temporarily unavailable");

    public string Body => $"{{\"message\":\"{Message}\",\"error\":\"{Error}\"}}\n\n";

    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.WriteAsync(Body, response.HttpContext.RequestAborted);
    }
}
