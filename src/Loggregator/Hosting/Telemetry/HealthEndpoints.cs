using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Loggregator.Roles;

namespace Loggregator.Hosting.Telemetry;

/// <summary><c>/metrics</c>, <c>/health</c> and <c>/ready</c> of a role's metrics port, and <c>/health</c> of an HTTP port.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints, Role role, Func<bool> ready, MetricsPage page, TimeProvider time)
    {
        var started = time.GetTimestamp();
        var onMetrics = new OnListener(ListenerKind.Metrics);
        string Health()
        {
            var text = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                json.WriteString("role", role.Name);
                json.WriteNumber("uptime_seconds", (long)time.GetElapsedTime(started).TotalSeconds);
                var well = role.Health?.Invoke(endpoints.ServiceProvider, json) ?? true;
                json.WriteString("status", well ? "ok" : "degraded");
                json.WriteEndObject();
            }

            return Encoding.UTF8.GetString(text.WrittenSpan) + "\n";
        }

        Get(endpoints, "/metrics", context => WriteAsync(context, StatusCodes.Status200OK, MetricsPage.ContentType, page.Render())).WithMetadata(onMetrics);
        Get(endpoints, "/health", context => WriteAsync(context, StatusCodes.Status200OK, "application/json", Health()))
            .WithMetadata(new OnListener(ListenerKind.Metrics, ListenerKind.Http));
        Get(endpoints, "/ready", context =>
        {
            var yes = ready();
            var status = yes ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return WriteAsync(context, status, "application/json", yes ? "{\"ready\":true}\n" : "{\"ready\":false}\n");
        }).WithMetadata(onMetrics);
    }

    private static IEndpointConventionBuilder Get(IEndpointRouteBuilder endpoints, string path, RequestDelegate handler) =>
        endpoints.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], handler);

    private static Task WriteAsync(HttpContext context, int status, string contentType, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(body, context.RequestAborted);
    }
}
