using System.Text.Json;
using Loggregator.Protocol.Internal;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Streams.Sse;
using Microsoft.AspNetCore.Http;

namespace Loggregator.TrafficController.Query;

/// <summary><c>GET /v2/sources</c>: who is sending, and what is held, as JSON. <c>source_id</c> (repeated) names some.</summary>
internal sealed class SourcesEndpoint(SourceQuery query)
{
    public async Task HandleAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        var report = await query.AskAsync(new QueryPairs(context.Request.QueryString.Value).All("source_id"), cancel);
        context.Response.ContentType = "application/json";
        if (Partial.Of(report.Answered, report.Known) is { } partial)
        {
            context.Response.Headers[Partial.Name] = partial;
        }

        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("sources");
        foreach (var source in report.Sources.Values.OrderBy(source => source.SourceId, StringComparer.Ordinal))
        {
            Write(json, source);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancel);
    }

    private static void Write(Utf8JsonWriter json, Source source)
    {
        json.WriteStartObject();
        json.WriteString("source_id", source.SourceId);
        json.WriteNumber("envelopes", source.Envelopes);
        json.WriteNumber("bytes", source.Bytes);
        json.WriteNumber("held_envelopes", source.HeldEnvelopes);
        json.WriteNumber("held_bytes", source.HeldBytes);
        json.WriteNumber("evicted", source.Evicted);
        json.WriteNumber("lost", source.Lost);
        json.WriteNumber("series", source.Series);
        json.WriteNumber("series_bytes", source.SeriesBytes);
        json.WriteNumber("series_folded", source.SeriesFolded);
        json.WriteNumber("oldest_timestamp", source.OldestTimestamp);
        json.WriteNumber("newest_timestamp", source.NewestTimestamp);
        json.WriteStartArray("by_type");
        foreach (var count in source.ByType)
        {
            json.WriteNumberValue(count);
        }

        json.WriteEndArray();
        Write(json, "logs", source.Logs);
        Write(json, "metrics", source.Metrics);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, SourceClass? held)
    {
        if (held is not null)
        {
            json.WriteStartObject(name);
            json.WriteNumber("held_envelopes", held.HeldEnvelopes);
            json.WriteNumber("held_bytes", held.HeldBytes);
            json.WriteNumber("evicted", held.Evicted);
            json.WriteEndObject();
        }
    }
}
