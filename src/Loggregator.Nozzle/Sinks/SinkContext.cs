using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Sinks;

/// <summary>What a sink may use of its process.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Logger">For what no answer can say.</param>
/// <param name="StandardOutput">Where <c>stdout:</c> writes to.</param>
internal sealed record SinkContext(TimeProvider Time, ILogger Logger, Stream StandardOutput);
