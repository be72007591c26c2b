using Loggregator.Client.Connect;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle;

/// <summary>What all sinks of a nozzle use of its process.</summary>
/// <param name="Options">The role's settings.</param>
/// <param name="Connector">Dials Dopplers.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logs">Makes loggers.</param>
/// <param name="StandardOutput">Where <c>stdout:</c> writes to.</param>
internal sealed record NozzleParts(NozzleOptions Options, PeerConnector Connector, TimeProvider Time, ILoggerFactory Logs, Stream StandardOutput);
