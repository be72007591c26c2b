using System.Threading.Channels;
using Loggregator.TrafficController;

namespace Loggregator.Hosting.Telemetry;

/// <summary>What a role tells about itself in envelopes, under the identity of its original.</summary>
/// <param name="Origin">The tag <c>origin</c>.</param>
/// <param name="SourceId">The source id.</param>
/// <param name="Interval">How often.</param>
/// <param name="Scraped">The original shows it at a page that a scraper reads: counters are totals, tags ordinary ones. Else counters are differences, tags deprecated ones.</param>
/// <param name="Metrics">What.</param>
internal sealed record SelfReport(string Origin, string SourceId, TimeSpan Interval, bool Scraped, params SelfMetric[] Metrics)
{
    /// <summary>Events that it tells as they come; null: none.</summary>
    public Func<IServiceProvider, ChannelReader<SelfEvent>>? Events { get; init; }
}
