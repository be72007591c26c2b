using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Loggregator.Terminal;

/// <summary>One envelope of a JSON batch, as the commands that print it see it.</summary>
internal readonly struct EnvelopeView(JsonElement json)
{
    /// <summary>The whole envelope.</summary>
    public JsonElement Json => json;

    public string SourceId => Text(json, "source_id");

    public string InstanceId => Text(json, "instance_id");

    /// <summary>When it was made.</summary>
    public DateTimeOffset Time
    {
        get
        {
            _ = long.TryParse(Text(json, "timestamp"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var nanoseconds);
            return DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
        }
    }

    /// <summary>The payload of a log; null for other types.</summary>
    public byte[]? Log => json.TryGetProperty("log", out var log) && log.TryGetProperty("payload", out var payload) ? payload.GetBytesFromBase64() : null;

    /// <summary>Whether it is a log written to stderr.</summary>
    public bool IsError => json.TryGetProperty("log", out var log) && Text(log, "type") == "ERR";

    /// <summary>A tag's value, or empty.</summary>
    public string Tag(string name)
    {
        if (json.TryGetProperty("tags", out var tags) && tags.TryGetProperty(name, out var tag) && tag.ValueKind == JsonValueKind.String)
        {
            return tag.GetString()!;
        }

        return json.TryGetProperty("deprecated_tags", out var old) && old.TryGetProperty(name, out var value) ? Text(value, "text") : "";
    }

    /// <summary>What an envelope that is no log says, in words.</summary>
    public string Describe()
    {
        if (json.TryGetProperty("counter", out var counter))
        {
            return $"counter {Text(counter, "name")} +{Text(counter, "delta")} (total {Text(counter, "total")})";
        }

        if (json.TryGetProperty("gauge", out var gauge) && gauge.TryGetProperty("metrics", out var metrics))
        {
            var line = new StringBuilder("gauge");
            foreach (var metric in metrics.EnumerateObject())
            {
                var unit = Text(metric.Value, "unit");
                line.Append(' ').Append(metric.Name).Append('=').Append(metric.Value.TryGetProperty("value", out var v) ? v.ToString() : "");
                line.Append(unit.Length > 0 ? " " + unit : "");
            }

            return line.ToString();
        }

        if (json.TryGetProperty("timer", out var timer))
        {
            _ = long.TryParse(Text(timer, "start"), CultureInfo.InvariantCulture, out var start);
            _ = long.TryParse(Text(timer, "stop"), CultureInfo.InvariantCulture, out var stop);
            return string.Create(CultureInfo.InvariantCulture, $"timer {Text(timer, "name")} {(stop - start) / 1e6:0.###} ms");
        }

        return json.TryGetProperty("event", out var happened) ? $"event {Text(happened, "title")}: {Text(happened, "body")}" : "empty envelope";
    }

    private static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
