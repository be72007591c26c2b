using System.Globalization;
using System.Text.Json;
using Loggregator.PromQl.Storage;

namespace Loggregator.TestKit.PromQl;

/// <summary>Queries by Prometheus' HTTP API under an address that ends in a slash.</summary>
public sealed class PrometheusClient(HttpClient http, Uri address)
{
    /// <summary>An instant query; a vector is series of one sample, a scalar one without labels. An error is null series and its text.</summary>
    public Task<(IReadOnlyList<Series>? Series, string Error)> QueryAsync(string query, long at, CancellationToken cancel) =>
        AskAsync("api/v1/query", [new("query", query), new("time", Seconds(at))], cancel);

    /// <summary>A range query; times in milliseconds.</summary>
    public Task<(IReadOnlyList<Series>? Series, string Error)> QueryRangeAsync(string query, long start, long end, long step, CancellationToken cancel) =>
        AskAsync("api/v1/query_range", [new("query", query), new("start", Seconds(start)), new("end", Seconds(end)), new("step", Seconds(step))], cancel);

    private static string Seconds(long milliseconds) => (milliseconds / 1000.0).ToString(CultureInfo.InvariantCulture);

    private async Task<(IReadOnlyList<Series>? Series, string Error)> AskAsync(string path, KeyValuePair<string, string>[] parameters, CancellationToken cancel)
    {
        using var form = new FormUrlEncodedContent(parameters);
        using var answer = await http.PostAsync(new Uri(address, path), form, cancel);
        using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
        if (body.RootElement.GetProperty("status").GetString() != "success")
        {
            return (null, $"{(int)answer.StatusCode} {body.RootElement.GetProperty("error").GetString()}");
        }

        var data = body.RootElement.GetProperty("data");
        var result = data.GetProperty("result");
        return (data.GetProperty("resultType").GetString() is "scalar" ? [new Series(Labels.Empty, new[] { SampleOf(result) })] : [.. result.EnumerateArray().Select(SeriesOf)], "");
    }

    private static Series SeriesOf(JsonElement series) => new(
        Labels.Of(series.GetProperty("metric").EnumerateObject().Select(label => KeyValuePair.Create(label.Name, label.Value.GetString()!))),
        series.TryGetProperty("values", out var values) ? values.EnumerateArray().Select(SampleOf).ToArray() : new[] { SampleOf(series.GetProperty("value")) });

    private static Sample SampleOf(JsonElement pair) => new(
        (long)Math.Round(pair[0].GetDouble() * 1000),
        pair[1].GetString() switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            var number => double.Parse(number!, CultureInfo.InvariantCulture),
        });
}
