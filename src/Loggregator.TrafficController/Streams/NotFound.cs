using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Streams;

/// <summary>The original's answer for a path that it does not have.</summary>
internal static class NotFound
{
    public static Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status404NotFound;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.WriteAsync("404 page not found\n", response.HttpContext.RequestAborted);
    }
}
