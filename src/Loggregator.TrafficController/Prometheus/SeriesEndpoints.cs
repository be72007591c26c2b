using System.Text;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Selectors;
using Loggregator.TrafficController.Metrics;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Prometheus;

/// <summary><c>series</c>, <c>labels</c>, <c>label/…/values</c> and <c>metadata</c>: what there is, without samples.</summary>
internal sealed class SeriesEndpoints(MetricQueries queries, IOptions<TrafficControllerOptions> options)
{
    private static readonly IReadOnlyList<IReadOnlyList<LabelMatcher>> All = [[]];

    /// <summary>Says that more was there than wanted.</summary>
    public static IEnumerable<string> Truncated(int count, int limit) => count > limit ? ["results truncated due to limit"] : [];

    public Task SeriesAsync(ApiRequest request)
    {
        var selectors = request.Parameters.Matches();
        return selectors.Count == 0
            ? throw new ApiException(ApiErrorType.BadData, "no match[] parameter provided")
            : ReadAsync(request, selectors, async series =>
            {
                var limit = request.Parameters.Limit();
                request.Answer.Json.WriteStartArray();
                foreach (var one in series.Take(limit))
                {
                    request.Answer.WriteLabels(one.Labels);
                    await request.Answer.FlushAsync();
                }

                request.Answer.Json.WriteEndArray();
                return series.Count;
            });
    }

    public Task LabelsAsync(ApiRequest request) =>
        ListAsync(request, series => series.SelectMany(one => one.Labels.Pairs).Select(pair => pair.Key));

    /// <summary>The values of a label.</summary>
    public Task ValuesAsync(ApiRequest request, string label) => !MetricNames.IsLabel(Encoding.UTF8.GetBytes(label))
        ? throw new ApiException(ApiErrorType.BadData, $"invalid label name: {LogCache.GoText.Quote(label)}")
        : ListAsync(request, series => series.Select(one => one.Labels[label]).Where(value => value.Length > 0));

    public Task MetadataAsync(ApiRequest request)
    {
        var metric = request.Parameters.Text("metric");
        return ReadAsync(request, All, async series =>
        {
            var families = series.Select(MetricFamily.Of).Where(family => metric.Length == 0 || family.Name == metric)
                .DistinctBy(family => family.Name).OrderBy(family => family.Name, StringComparer.Ordinal).Take(request.Parameters.Limit());
            request.Answer.Json.WriteStartObject();
            foreach (var family in families)
            {
                request.Answer.Json.WriteStartArray(family.Name);
                request.Answer.Json.WriteStartObject();
                request.Answer.Json.WriteString("type", family.Type);
                request.Answer.Json.WriteString("help", "");
                request.Answer.Json.WriteString("unit", family.Unit);
                request.Answer.Json.WriteEndObject();
                request.Answer.Json.WriteEndArray();
                await request.Answer.FlushAsync();
            }

            request.Answer.Json.WriteEndObject();
            return 0;
        });
    }

    private Task ListAsync(ApiRequest request, Func<IReadOnlyList<MetricSeries>, IEnumerable<string>> texts)
    {
        var selectors = request.Parameters.Matches();
        return ReadAsync(request, selectors.Count == 0 ? All : selectors, async series =>
        {
            var distinct = texts(series).ToHashSet(StringComparer.Ordinal);
            request.Answer.Json.WriteStartArray();
            foreach (var text in distinct.Order(StringComparer.Ordinal).Take(request.Parameters.Limit()))
            {
                request.Answer.Json.WriteStringValue(text);
                await request.Answer.FlushAsync();
            }

            request.Answer.Json.WriteEndArray();
            return distinct.Count;
        });
    }

    // What is written tells how many there were.
    private Task ReadAsync(ApiRequest request, IReadOnlyList<IReadOnlyList<LabelMatcher>> selectors, Func<IReadOnlyList<MetricSeries>, Task<int>> write)
    {
        var (start, end, limit) = (request.Parameters.Time("start", 0), request.Parameters.Time("end", long.MaxValue), request.Parameters.Limit());
        return queries.RunAsync(
            request.Scope,
            options.Value.QueryTimeout,
            (reading, cancel) => reading.ReadAllAsync(selectors, start, end, labelsOnly: true, options.Value.MaxQuerySamples, cancel),
            async read =>
            {
                request.Answer.Begin();
                var count = await write(read.Series);
                await request.Answer.EndAsync([.. read.Warnings, .. Truncated(count, limit)], []);
            },
            request.Cancel);
    }
}
