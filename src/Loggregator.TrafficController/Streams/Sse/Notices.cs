using System.Buffers;
using System.Text.Json;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// The <c>notice</c> and <c>gap</c> events of our own streams. Their data is one JSON object on one line; numbers are plain numbers,
/// timestamps UNIX nanoseconds.
/// </summary>
internal sealed class Notices(SseWriter sse)
{
    private readonly ArrayBufferWriter<byte> _data = new();

    /// <summary>A source that was asked for has never been seen.</summary>
    public void Waiting(IReadOnlyList<string> sources, int dopplers) => Notice(
        "waiting",
        dopplers == 0 ? "no Doppler is attached yet; waiting" : $"nothing is known of {string.Join(", ", sources)} yet; waiting",
        json =>
        {
            json.WriteStartArray("source_ids");
            foreach (var source in sources)
            {
                json.WriteStringValue(source);
            }

            json.WriteEndArray();
        });

    /// <summary>Where history starts.</summary>
    /// <param name="startsAt">Timestamp of its first envelope; 0: there is none.</param>
    /// <param name="agedOut">Older ones were asked for and are not held any more.</param>
    /// <param name="leftOut">Lines left out as they were too large together.</param>
    public void History(long startsAt, bool agedOut, long leftOut) => Notice(
        "history",
        startsAt == 0 ? "there is no history" : agedOut ? "older history is not held any more" : "history begins",
        json =>
        {
            json.WriteNumber("starts_at", startsAt);
            json.WriteBoolean("aged_out", agedOut);
            if (leftOut > 0)
            {
                json.WriteNumber("left_out", leftOut);
            }
        });

    public void Live() => Notice("live", "history is complete; what follows is live", null);

    public void Reconnected() => Notice("reconnected", "going on where the cursor stands", null);

    public void Closing(string reason) => Notice("closing", reason, null);

    public void DopplerLost(string doppler, bool planned, string detail) => Notice(
        "doppler_lost",
        planned ? $"Doppler {doppler} has stopped" : $"Doppler {doppler} is not reachable; what it holds is missing until it is back",
        json =>
        {
            json.WriteString("doppler", doppler);
            json.WriteBoolean("planned", planned);
            json.WriteString("detail", detail);
        });

    public void DopplerBack(string doppler, bool restarted) => Notice(
        "doppler_back",
        restarted ? $"Doppler {doppler} was restarted; what was unread there is lost" : $"Doppler {doppler} is back; nothing was lost",
        json =>
        {
            json.WriteString("doppler", doppler);
            json.WriteBoolean("restarted", restarted);
        });

    public void Gap(StreamGap gap)
    {
        using var json = Begin();
        json.WriteStartObject();
        json.WriteString("source_id", gap.SourceId);
        json.WriteString("instance_id", gap.InstanceId);
        json.WriteNumber("count", gap.Count);
        json.WriteString("hop", gap.Hop);
        json.WriteString("reason", gap.Reason);
        json.WriteBoolean("upper_bound", gap.UpperBound);
        json.WriteNumber("first_timestamp", gap.FirstTimestamp != 0 ? gap.FirstTimestamp : gap.LastTimestamp);
        json.WriteNumber("last_timestamp", gap.LastTimestamp);
        json.WriteEndObject();
        json.Flush();
        sse.Event("gap", _data.WrittenSpan);
    }

    private void Notice(string kind, string message, Action<Utf8JsonWriter>? more)
    {
        using var json = Begin();
        json.WriteStartObject();
        json.WriteString("kind", kind);
        json.WriteString("message", message);
        more?.Invoke(json);
        json.WriteEndObject();
        json.Flush();
        sse.Event("notice", _data.WrittenSpan);
    }

    private Utf8JsonWriter Begin()
    {
        _data.ResetWrittenCount();
        return new Utf8JsonWriter(_data);
    }
}
