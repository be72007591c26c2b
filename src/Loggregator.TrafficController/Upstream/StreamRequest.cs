using System.Globalization;
using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;

namespace Loggregator.TrafficController.Upstream;

/// <summary>What one client wants; immutable. Two requests of the same <see cref="Key"/> may read from one subscription.</summary>
internal sealed record StreamRequest
{
    private string? _key;
    private SubscriptionSpec? _spec;
    private int? _provableTypes;

    public required IReadOnlyList<Selector> Selectors { get; init; }

    /// <summary>The envelopes are wanted as those of version 1 that pass this filter; the selectors then only say how losses are told.</summary>
    public V1Filter? V1 { get; init; }

    public string ShardId { get; init; } = "";

    public string DeterministicName { get; init; } = "";

    public Sharing Sharing { get; init; }

    /// <summary>The client's name in its shard group; empty: one of our making.</summary>
    public string Member { get; init; } = "";

    public bool Gaps { get; init; }

    public StreamStart Start { get; init; } = StreamStart.Now;

    /// <summary>Whether the client hears of Dopplers that come and go, and of positions.</summary>
    public bool Notices { get; init; }

    public long Window { get; init; } = 1024 * 1024;

    /// <summary>A request for a share cannot use another's subscription.</summary>
    public bool Sharded => ShardId.Length > 0;

    /// <summary>The types, as bits, that are read whole, so that stamps prove what is missing.</summary>
    public int ProvableTypes => _provableTypes ??= V1 is null ? StampLedger.Provable(this) : 0;

    /// <summary>The selectors in canonical form: the same set, in whatever order, has the same key.</summary>
    public string Key => _key ??= Canonical();

    public SubscriptionSpec Spec => _spec ??= new SubscriptionSpec
    {
        Selectors = Selectors,
        V1 = V1?.Wire,
        ShardId = ShardId,
        DeterministicName = DeterministicName,
        Sharing = Sharing,
        Member = !Sharded ? "" : Member.Length > 0 ? Member : Guid.NewGuid().ToString("N"),
        Gaps = Gaps,
        Window = Window,
    };

    private string Canonical()
    {
        var texts = new string[Selectors.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = Canonical(Selectors[i]);
        }

        Array.Sort(texts, StringComparer.Ordinal);
        return (Gaps ? "+" : "-") + (V1 is { } filter ? $"v1,{(int)filter.Kind},{filter.AppId.Length}:{filter.AppId}" : "") + string.Concat(texts);
    }

    private static string Canonical(Selector selector)
    {
        var text = new StringBuilder().Append((int)selector.MessageCase);
        Append(text, selector.SourceId);
        if (selector.MessageCase == Selector.MessageOneofCase.Counter)
        {
            Append(text, selector.Counter.Name);
        }
        else if (selector.MessageCase == Selector.MessageOneofCase.Gauge)
        {
            foreach (var name in selector.Gauge.Names.Order(StringComparer.Ordinal))
            {
                Append(text, name);
            }
        }

        return text.Append(';').ToString();
    }

    // Lengths in front, so that no name can look like the end of another.
    private static void Append(StringBuilder text, string value) =>
        text.Append(',').Append(value.Length.ToString(CultureInfo.InvariantCulture)).Append(':').Append(value);
}
