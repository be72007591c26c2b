using System.Buffers;
using System.Text;
using Loggregator.TrafficController.Streams.Sse;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// <c>/set-cookie</c>, by which old browser clients put their token where a WebSocket request carries it. Off unless a domain is configured.
/// Answers are the original's, but for OPTIONS, which browsers need to succeed.
/// </summary>
internal sealed class SetCookieEndpoint(IOptions<TrafficControllerOptions> options)
{
    private const int MaxBodyBytes = 4096;
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public async Task HandleAsync(HttpContext context)
    {
        var response = context.Response;
        var domain = options.Value.CookieDomain;
        if (domain.Length == 0)
        {
            await NotFound.WriteAsync(response);
            return;
        }

        response.Headers.AccessControlAllowOrigin = context.Request.Headers.Origin.ToString();
        response.Headers.AccessControlAllowCredentials = "true";
        response.Headers.AccessControlAllowHeaders = "Content-Type";
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            return;
        }

        var body = await FormAsync(context.Request, context.RequestAborted);
        var query = new QueryPairs(context.Request.QueryString.Value);
        var name = body?.First("CookieName") ?? query.First("CookieName");
        var value = body?.First("CookieValue") ?? query.First("CookieValue");
        if (body is null || string.IsNullOrEmpty(name) || string.IsNullOrEmpty(value))
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (!name.AsSpan().ContainsAnyExcept(Token))
        {
            response.Headers.Append("Set-Cookie", $"{name}={Clean(value)}; Domain={domain}; HttpOnly; Secure; SameSite=Lax");
        }
    }

    // Null: larger than a form of two fields may be. Without a form it is empty.
    private static async ValueTask<QueryPairs?> FormAsync(HttpRequest request, CancellationToken cancel)
    {
        var hasBody = HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method) || HttpMethods.IsPatch(request.Method);
        if (!hasBody || !(request.ContentType ?? "").StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            return new QueryPairs(null);
        }

        var bytes = new byte[MaxBodyBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        return length > MaxBodyBytes ? null : new QueryPairs(Encoding.UTF8.GetString(bytes, 0, length));
    }

    // What a cookie cannot carry is left out; what it can carry only in quotes is quoted.
    private static string Clean(string value)
    {
        var kept = new string([.. value.Where(c => c is >= ' ' and < '\x7F' and not ('"' or ';' or '\\'))]);
        return kept.AsSpan().ContainsAny(' ', ',') ? $"\"{kept}\"" : kept;
    }
}
