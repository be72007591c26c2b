using Loggregator.Protocol.LogCache;

namespace Loggregator.Commands;

/// <summary>One source of a log-cache.</summary>
/// <param name="SourceId">Its id.</param>
/// <param name="Count">Envelopes held.</param>
/// <param name="Expired">Envelopes gone.</param>
/// <param name="Duration">From the oldest to the newest that is held, in whole seconds; at least one.</param>
/// <param name="Rate">Envelopes a minute; -1 when it was not there at the first look.</param>
internal sealed record MetaRow(string SourceId, long Count, long Expired, TimeSpan Duration, long Rate)
{
    /// <summary>A GUID may be of an application or a service; anything else is a platform component.</summary>
    public string Type => Guid.TryParseExact(SourceId, "D", out _) ? MetaTable.Unknown : MetaTable.Platform;

    /// <summary>What an answer says, and an earlier one if there is one.</summary>
    public static List<MetaRow> Of(MetaResponse now, MetaResponse? before, TimeSpan apart) => [.. now.Meta.Select(pair =>
    {
        var info = pair.Value;
        var seconds = Math.Max(1, (info.NewestTimestamp / 1_000_000_000) - (info.OldestTimestamp / 1_000_000_000));
        var was = before is not null && before.Meta.TryGetValue(pair.Key, out var earlier) ? earlier : null;
        var rate = was is null ? -1 : (long)Math.Round((info.Count + info.Expired - was.Count - was.Expired) / Math.Max(apart.TotalMinutes, 1e-6));
        return new MetaRow(pair.Key, info.Count, info.Expired, TimeSpan.FromSeconds(seconds), rate);
    })];

    /// <summary>A duration as <c>4m30s</c> or <c>26h0m1s</c>.</summary>
    public static string Text(TimeSpan duration)
    {
        var hours = (long)duration.TotalHours;
        var text = hours > 0 ? $"{hours}h{duration.Minutes}m" : duration.Minutes > 0 ? $"{duration.Minutes}m" : "";
        return $"{text}{duration.Seconds}s";
    }
}
