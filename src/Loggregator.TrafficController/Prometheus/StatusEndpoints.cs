using Loggregator.PromQl.Syntax;

namespace Loggregator.TrafficController.Prometheus;

/// <summary>What needs no series: what a dashboard asks about the server, and the parts of Prometheus that are not here, as empty as it would have them without any.</summary>
internal static class StatusEndpoints
{
    private const string Version = "2.55.1"; // whose API and PromQL these are

    public static Task NothingAsync(ApiRequest request)
    {
        request.Answer.Begin();
        request.Answer.Json.WriteStartArray();
        request.Answer.Json.WriteEndArray();
        return request.Answer.EndAsync([], []);
    }

    public static Task EmptyAsync(ApiRequest request, string list)
    {
        request.Answer.Begin();
        request.Answer.Json.WriteStartObject();
        request.Answer.Json.WriteStartArray(list);
        request.Answer.Json.WriteEndArray();
        request.Answer.Json.WriteEndObject();
        return request.Answer.EndAsync([], []);
    }

    public static Task FormatAsync(ApiRequest request)
    {
        var expr = Parser.Parse(request.Parameters.Text("query"));
        request.Answer.Begin();
        request.Answer.Json.WriteStringValue(expr.ToString());
        return request.Answer.EndAsync([], []);
    }

    public static Task BuildInfoAsync(ApiRequest request)
    {
        request.Answer.Begin();
        request.Answer.Json.WriteStartObject();
        request.Answer.Json.WriteString("version"u8, Version);
        foreach (var name in new[] { "revision", "branch", "buildUser", "buildDate", "goVersion" })
        {
            request.Answer.Json.WriteString(name, "");
        }

        request.Answer.Json.WriteEndObject();
        return request.Answer.EndAsync([], []);
    }
}
