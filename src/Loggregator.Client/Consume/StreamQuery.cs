using System.Text;

namespace Loggregator.Client;

/// <summary>What to read from a Traffic Controller's <c>/v2/stream</c>.</summary>
public sealed record StreamQuery
{
    /// <summary>Source ids; empty: all.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Envelope types: <c>log</c>, <c>counter</c>, <c>gauge</c>, <c>timer</c>, <c>event</c>; empty: the server's default.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Begin with so many envelopes of history.</summary>
    public int? Lines { get; init; }

    /// <summary>Begin with what is not older: a duration such as <c>10m</c>, or a time such as <c>2026-08-22T14:00:00Z</c>.</summary>
    public string Since { get; init; } = "";

    /// <summary>Share the stream with all who give the same id.</summary>
    public string ShardId { get; init; } = "";

    /// <summary>Only this instance.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>History alone, then end.</summary>
    public bool NoFollow { get; init; }

    /// <summary>Path and query for a request.</summary>
    public string PathAndQuery()
    {
        var query = new StringBuilder(NoFollow ? "/v2/recent" : "/v2/stream");
        var separator = '?';
        void Add(string name, string value)
        {
            query.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        foreach (var source in Sources)
        {
            Add("source_id", source);
        }

        foreach (var type in Types)
        {
            Add("type", type);
        }

        if (Lines is { } lines)
        {
            Add("lines", lines.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        if (Since.Length > 0)
        {
            Add("since", Since);
        }

        if (ShardId.Length > 0)
        {
            Add("shard_id", ShardId);
        }

        if (InstanceId.Length > 0)
        {
            Add("instance_id", InstanceId);
        }

        return query.ToString();
    }
}
