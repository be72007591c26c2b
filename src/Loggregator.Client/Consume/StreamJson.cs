using System.Globalization;
using System.Text.Json;

namespace Loggregator.Client.Consume;

/// <summary>Reads the JSON of the server's events. Fields that are missing or of another type than they should be have their zero values.</summary>
internal static class StreamJson
{
    /// <summary>The items of a batch; one that says so when it is no JSON.</summary>
    public static IReadOnlyList<StreamItem> Batch(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Field(document.RootElement, "batch", JsonValueKind.Array) is { } batch ? [.. batch.EnumerateArray().Select(Envelope)] : [];
        }
        catch (Exception e) when (IsOfJson(e))
        {
            return [Undecodable(e)];
        }
    }

    /// <summary>The item of another event.</summary>
    public static StreamItem Item(StreamEvent happened)
    {
        if (happened.Kind == StreamEventKind.Reconnected)
        {
            return new StreamReconnected();
        }

        try
        {
            using var document = JsonDocument.Parse(happened.Payload);
            var json = document.RootElement;
            return happened.Kind == StreamEventKind.Gap
                ? Gap(json)
                : new StreamNotice { Kind = Text(json, "kind"), Message = Text(json, "message") };
        }
        catch (Exception e) when (IsOfJson(e))
        {
            return Undecodable(e);
        }
    }

    // A text may hold an escaped lone surrogate, or what is no base64: these are found when it is read.
    private static bool IsOfJson(Exception e) => e is JsonException or FormatException or InvalidOperationException;

    private static StreamNotice Undecodable(Exception e) => new() { Kind = "undecodable", Message = "something came that cannot be read: " + e.Message };

    private static StreamGap Gap(JsonElement json) => new()
    {
        SourceId = Text(json, "source_id"),
        InstanceId = Text(json, "instance_id"),
        Count = Signed(json, "count"),
        IsUpperBound = Field(json, "upper_bound", JsonValueKind.True) is not null,
        Hop = Text(json, "hop"),
        Reason = Text(json, "reason"),
        First = Signed(json, "first_timestamp") is not 0 and var first ? Client.Envelope.TimeOf(first) : null,
        Last = Signed(json, "last_timestamp") is not 0 and var last ? Client.Envelope.TimeOf(last) : null,
    };

    private static Envelope Envelope(JsonElement json)
    {
        var (timestamp, source, instance, tags) = (Signed(json, "timestamp"), Text(json, "source_id"), Text(json, "instance_id"), Tags(json));
        if (Field(json, "log", JsonValueKind.Object) is { } log)
        {
            return new LogEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Payload = Field(log, "payload", JsonValueKind.String) is { } payload ? payload.GetBytesFromBase64() : default,
                IsError = Text(log, "type") == "ERR",
            };
        }

        if (Field(json, "counter", JsonValueKind.Object) is { } counter)
        {
            return new CounterEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Name = Text(counter, "name"),
                Delta = Unsigned(counter, "delta"),
                Total = Unsigned(counter, "total"),
            };
        }

        if (Field(json, "gauge", JsonValueKind.Object) is { } gauge)
        {
            return new GaugeEnvelope { UnixNanoseconds = timestamp, SourceId = source, InstanceId = instance, Tags = tags, Readings = Readings(gauge) };
        }

        if (Field(json, "timer", JsonValueKind.Object) is { } timer)
        {
            return new TimerEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Name = Text(timer, "name"),
                StartNanoseconds = Signed(timer, "start"),
                StopNanoseconds = Signed(timer, "stop"),
            };
        }

        return Field(json, "event", JsonValueKind.Object) is { } happened
            ? new EventEnvelope
            {
                UnixNanoseconds = timestamp,
                SourceId = source,
                InstanceId = instance,
                Tags = tags,
                Title = Text(happened, "title"),
                Body = Text(happened, "body"),
            }
            : new UnknownEnvelope { UnixNanoseconds = timestamp, SourceId = source, InstanceId = instance, Tags = tags };
    }

    private static Dictionary<string, string> Tags(JsonElement json)
    {
        var tags = new Dictionary<string, string>();
        foreach (var tag in Field(json, "deprecated_tags", JsonValueKind.Object)?.EnumerateObject() ?? default)
        {
            var member = tag.Value.ValueKind == JsonValueKind.Object ? tag.Value.EnumerateObject().FirstOrDefault() : default;
            tags[tag.Name] = member.Value.ValueKind == JsonValueKind.Undefined ? ""
                : member.Value.ValueKind == JsonValueKind.Number ? member.Value.GetDouble().ToString(CultureInfo.InvariantCulture)
                : member.Value.ToString();
        }

        foreach (var tag in Field(json, "tags", JsonValueKind.Object)?.EnumerateObject() ?? default)
        {
            tags[tag.Name] = tag.Value.ToString();
        }

        return tags;
    }

    private static GaugeReading[] Readings(JsonElement gauge) => Field(gauge, "metrics", JsonValueKind.Object) is not { } metrics
        ? []
        : [.. metrics.EnumerateObject().Select(metric => new GaugeReading(metric.Name, Number(metric.Value, "value"), Text(metric.Value, "unit")))];

    // Protobuf's JSON writes 64-bit integers, and what is no finite number, as strings.
    private static long Signed(JsonElement parent, string name) => long.TryParse(Scalar(parent, name), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static ulong Unsigned(JsonElement parent, string name) => ulong.TryParse(Scalar(parent, name), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static double Number(JsonElement parent, string name) =>
        double.TryParse(Scalar(parent, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Text(JsonElement parent, string name) => Field(parent, name, JsonValueKind.String)?.GetString() ?? "";

    private static string Scalar(JsonElement parent, string name) =>
        (Field(parent, name, JsonValueKind.String) ?? Field(parent, name, JsonValueKind.Number))?.ToString() ?? "";

    private static JsonElement? Field(JsonElement parent, string name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
}
