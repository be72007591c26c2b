namespace Loggregator.Hosting.Telemetry;

/// <summary>One number that a role tells about itself in an envelope, named as the original names it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it counts or shows.</param>
/// <param name="Read">Its present value; a counter's is the total since start.</param>
/// <param name="Unit">Of a gauge; null for a counter.</param>
/// <param name="Tags">Beside <c>origin</c>.</param>
internal sealed record SelfMetric(string Name, string Description, Func<IServiceProvider, long> Read, string? Unit, params (string Key, string Value)[] Tags);
