using System.CommandLine;
using System.Text.Json;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>Names for completion: asked of the Traffic Controller, and none when it does not answer at once.</summary>
internal static class Suggestions
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Source ids.</summary>
    public static IEnumerable<string> Sources(EdgeOptions edge, ParseResult parsed, TimeProvider time) =>
        Ask(edge, parsed, time, "/v2/sources", static json => json.GetProperty("sources").EnumerateArray().Select(source => source.GetProperty("source_id").GetString()!));

    /// <summary>Names of metrics.</summary>
    public static IEnumerable<string> Metrics(EdgeOptions edge, ParseResult parsed, TimeProvider time) =>
        Ask(edge, parsed, time, "/prometheus/api/v1/label/__name__/values", static json => json.GetProperty("data").EnumerateArray().Select(name => name.GetString()!));

    private static IEnumerable<string> Ask(EdgeOptions edge, ParseResult parsed, TimeProvider time, string path, Func<JsonElement, IEnumerable<string>> names)
    {
        try
        {
            using var http = edge.Connect(parsed, time);
            using var patience = new CancellationTokenSource(Patience, time);
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            using var response = http.Send(request, patience.Token);
            using var json = JsonDocument.Parse(response.Content.ReadAsStream(patience.Token));
            return [.. names(json.RootElement).Where(name => SafeText.Clean(name) == name)]; // one that a terminal would act on is not worth to be typed
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or CommandFailedException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }
}
