using System.Globalization;
using System.Text;
using Loggregator.Client.Emit;

namespace Loggregator.Client;

/// <summary>What to read from a Traffic Controller, and from where on. With nothing set: everything, from now on.</summary>
public sealed record StreamQuery : EnvelopeQuery
{
    /// <summary>Begin with so many envelopes of history.</summary>
    public int? Lines { get; init; }

    /// <summary>Begin with what is not older.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Go on behind an item whose <see cref="StreamItem.Cursor"/> this is; <see cref="Lines"/> and <see cref="Since"/> are not looked at then.</summary>
    public string Cursor { get; init; } = "";

    /// <summary>Only this instance; empty: all.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>Begin with what is not older, as people write it: a duration such as <c>10m</c>, or a time.</summary>
    internal string SinceText { get; init; } = "";

    /// <summary>History alone, then end.</summary>
    internal bool NoFollow { get; init; }

    /// <summary>Path and query for a request.</summary>
    internal string PathAndQuery()
    {
        var query = new StringBuilder(NoFollow ? "/v2/recent" : "/v2/stream");
        var separator = '?';
        void Add(string name, string value)
        {
            if (value.Length > 0)
            {
                query.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        void AddAll(string name, IEnumerable<string> values)
        {
            foreach (var value in values)
            {
                Add(name, value);
            }
        }

        AddAll("source_id", SourceIds);
        AddAll("type", Types == EnvelopeTypes.All ? [] : WantedTypes().Select(static type => type.ToString().ToLowerInvariant()));
        AddAll("counter.name", CounterNames);
        AddAll("gauge.name", GaugeNames);
        Add("lines", Lines?.ToString(CultureInfo.InvariantCulture) ?? "");
        Add("since", Since is { } since ? Math.Max(0, EnvelopeAuthor.Nanoseconds(since)).ToString(CultureInfo.InvariantCulture) : SinceText);
        Add("shard_id", ShardId);
        Add("instance_id", InstanceId);
        return query.ToString();
    }
}
