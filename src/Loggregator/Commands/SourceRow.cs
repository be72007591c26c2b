using System.Text.Json;

namespace Loggregator.Commands;

/// <summary>One source as <c>/v2/sources</c> tells of it.</summary>
internal sealed record SourceRow(
    string SourceId, long Envelopes, long Held, long LogBytes, long MetricBytes, long Series, long Evicted, long Lost, long Oldest, long Newest)
{
    /// <summary>Envelopes a second between the oldest and the newest that are held.</summary>
    public double HeldRate => Held < 2 ? 0 : (Held - 1) / Math.Max((Newest - Oldest) / 1e9, 1);

    /// <summary>Reads the answer.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static List<SourceRow> Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        if (!document.RootElement.TryGetProperty("sources", out var sources))
        {
            throw new JsonException("the answer lists no sources");
        }

        return [.. sources.EnumerateArray().Select(source => new SourceRow(
            source.GetProperty("source_id").GetString() ?? "",
            Number(source, "envelopes"),
            Number(source, "held_envelopes"),
            Number(Class(source, "logs"), "held_bytes"),
            Number(Class(source, "metrics"), "held_bytes"),
            Number(source, "series"),
            Number(source, "evicted"),
            Number(source, "lost"),
            Number(source, "oldest_timestamp"),
            Number(source, "newest_timestamp")))];
    }

    private static JsonElement Class(JsonElement source, string name) => source.TryGetProperty(name, out var held) ? held : source;

    private static long Number(JsonElement source, string name) => source.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : 0;
}
