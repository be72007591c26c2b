namespace Loggregator.Hosting.Telemetry;

/// <summary>What a role tells about itself in envelopes, under the identity of its original.</summary>
/// <param name="Origin">The tag <c>origin</c>.</param>
/// <param name="SourceId">The source id.</param>
/// <param name="Interval">How often.</param>
/// <param name="Metrics">What.</param>
internal sealed record SelfReport(string Origin, string SourceId, TimeSpan Interval, params SelfMetric[] Metrics);
