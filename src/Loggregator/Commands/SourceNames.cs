using System.CommandLine;
using System.Text.Json;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>Source ids for completion: asked of the Traffic Controller, and none when it does not answer at once.</summary>
internal static class SourceNames
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public static IEnumerable<string> Complete(EdgeOptions edge, ParseResult parsed, TimeProvider time)
    {
        try
        {
            using var http = edge.Connect(parsed, time);
            using var patience = new CancellationTokenSource(Patience, time);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/sources");
            using var response = http.Send(request, patience.Token);
            using var json = JsonDocument.Parse(response.Content.ReadAsStream(patience.Token));
            return [.. json.RootElement.GetProperty("sources").EnumerateArray().Select(source => source.GetProperty("source_id").GetString()!)
                .Where(name => SafeText.Clean(name) == name)]; // one that a terminal would act on is not worth to be typed
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or CommandFailedException or KeyNotFoundException)
        {
            return [];
        }
    }
}
