using System.Net;
using System.Text.Json;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>Asks Prometheus' HTTP API, which a Traffic Controller serves under <c>/prometheus</c>.</summary>
internal sealed class QueryClient
{
    private const long LargestAnswer = 512L << 20;

    private readonly HttpClient _http;

    /// <param name="http">Not used before: it learns how large an answer may be.</param>
    public QueryClient(HttpClient http)
    {
        _http = http;
        _http.MaxResponseContentBufferSize = LargestAnswer;
    }

    /// <summary>One answer.</summary>
    /// <exception cref="QueryRefusedException">The query is wrong, or cannot be evaluated.</exception>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    /// <exception cref="JsonException">It is not one of Prometheus' API.</exception>
    public async Task<QueryAnswer> AskAsync(QueryRequest request, DateTimeOffset now, CancellationToken cancel)
    {
        using var form = new FormUrlEncodedContent(request.Form(now));
        using var response = await _http.PostAsync(request.Path, form, cancel);
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
        {
            throw new HttpRequestException(response.StatusCode switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "it asks for a token that permits this; name one with --token",
                HttpStatusCode.NotFound => $"it serves no {request.Path}",
                _ => $"it answers {(int)response.StatusCode}{(response.ReasonPhrase is { Length: > 0 } phrase ? " " + SafeText.Clean(phrase) : "")}, not as Prometheus' API",
            });
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var json = await JsonDocument.ParseAsync(body, cancellationToken: cancel);
        var error = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var said) ? said : default;
        if (error.ValueKind == JsonValueKind.String)
        {
            var type = json.RootElement.TryGetProperty("errorType", out var kind) ? kind.ToString() : "";
            throw new QueryRefusedException(error.GetString()!, type == "bad_data");
        }

        return response.IsSuccessStatusCode ? QueryAnswer.Read(json.RootElement) : throw new HttpRequestException($"it answers {(int)response.StatusCode}");
    }
}
