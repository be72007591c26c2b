using System.Text.Json;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary>An answer of Prometheus' HTTP API.</summary>
/// <param name="Result">What it says.</param>
/// <param name="Json">Its <c>data</c>, as it was sent.</param>
internal sealed record QueryAnswer(QueryResult Result, string Json)
{
    /// <summary>Reads the body of a successful answer.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static QueryAnswer Read(JsonElement body)
    {
        try
        {
            var data = body.GetProperty("data");
            var result = data.GetProperty("result");
            var kind = data.GetProperty("resultType").GetString() switch
            {
                "scalar" => ValueKind.Scalar,
                "vector" => ValueKind.Vector,
                "matrix" => ValueKind.Matrix,
                "string" => ValueKind.String,
                var other => throw new JsonException($"the answer is of an unknown kind, '{SafeText.Clean(other ?? "")}'"),
            };
            Series[] series = kind switch
            {
                ValueKind.Scalar => [new Series(Labels.Empty, new[] { SampleOf(result) })],
                ValueKind.String => [],
                _ => [.. result.EnumerateArray().Select(SeriesOf)],
            };
            Annotation[] annotations = [.. Texts(body, "warnings").Select(text => new Annotation(true, text)), .. Texts(body, "infos").Select(text => new Annotation(false, text))];
            return new QueryAnswer(new QueryResult(kind, series, kind == ValueKind.String ? result[1].GetString()! : "", annotations), data.GetRawText());
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            throw new JsonException("the answer is not one of Prometheus' API", e);
        }
    }

    /// <summary>What a member of the body lists, for what lists nothing nothing.</summary>
    private static IEnumerable<string> Texts(JsonElement body, string member) =>
        body.TryGetProperty(member, out var texts) && texts.ValueKind == JsonValueKind.Array ? texts.EnumerateArray().Select(text => text.GetString() ?? "") : [];

    private static Series SeriesOf(JsonElement series)
    {
        var labels = Labels.Of(series.GetProperty("metric").EnumerateObject().Select(label => KeyValuePair.Create(label.Name, label.Value.GetString()!)));
        Sample[] samples = series.TryGetProperty("value", out var one) ? [SampleOf(one)]
            : series.TryGetProperty("values", out var many) ? [.. many.EnumerateArray().Select(SampleOf)]
            : []; // native histograms alone
        return new Series(labels, samples);
    }

    private static Sample SampleOf(JsonElement pair) =>
        new(checked((long)Math.Round(pair[0].GetDouble() * 1000)), NumberText.Parse(pair[1].GetString()!));
}
