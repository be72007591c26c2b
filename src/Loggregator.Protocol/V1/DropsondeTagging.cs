using System.Text;

namespace Loggregator.Protocol.V1;

/// <summary>What an agent adds to dropsonde envelopes of its host on their way to v2. Immutable.</summary>
public sealed class DropsondeTagging
{
    /// <summary>Adds nothing: what a Doppler does, as the agents before it have done it.</summary>
    public static readonly DropsondeTagging None = new(new Dictionary<string, string>(), originIsSource: false);

    /// <summary>Makes it of a host's tags.</summary>
    /// <param name="hostTags"><c>deployment</c>, <c>job</c>, <c>index</c> and <c>ip</c> of these stand in for fields that are absent.</param>
    /// <param name="originIsSource">Whether the origin stands in for a tag <c>source_id</c> that is absent or empty.</param>
    public DropsondeTagging(IReadOnlyDictionary<string, string> hostTags, bool originIsSource)
    {
        ArgumentNullException.ThrowIfNull(hostTags);
        byte[] Value(string name) => Encoding.UTF8.GetBytes(hostTags.GetValueOrDefault(name, ""));
        (Deployment, Job, Index, Ip) = (Value("deployment"), Value("job"), Value("index"), Value("ip"));
        OriginIsSource = originIsSource;
    }

    internal byte[] Deployment { get; }

    internal byte[] Job { get; }

    internal byte[] Index { get; }

    internal byte[] Ip { get; }

    internal bool OriginIsSource { get; }
}
