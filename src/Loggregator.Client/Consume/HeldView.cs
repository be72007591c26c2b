using System.Text;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.V2;

namespace Loggregator.Client.Consume;

/// <summary>What one run of a Doppler has announced that it holds. It may err in one direction only: towards holding. Immutable.</summary>
/// <param name="held">The announcement; must not be changed any more.</param>
internal sealed class HeldView(HeldSources held)
{
    private const uint MostHashes = 64; // more are no filter of ours

    private readonly bool _all = held.All || held.Position == 0 || held.Hashes is 0 or > MostHashes;

    /// <summary>What was appended from here on is not known of.</summary>
    public ulong Position => held.Position;

    /// <summary>False when it surely holds nothing of this source from before <see cref="Position"/>.</summary>
    public bool MayHold(string sourceId)
    {
        ArgumentNullException.ThrowIfNull(sourceId);
        return _all || HeldFilter.MayHold(held.Filter.Span, (int)held.Hashes, Encoding.UTF8.GetBytes(sourceId));
    }

    /// <summary>False when it surely holds nothing from before <see cref="Position"/> that one of these selectors takes.</summary>
    public bool MayHold(IReadOnlyList<Selector> selectors)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        return selectors.Any(selector => selector.SourceId.Length == 0 || MayHold(selector.SourceId));
    }
}
