using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Sinks;

internal static partial class Log
{
    [LoggerMessage(4301, LogLevel.Warning, "The rotated files of {File} could not be compressed or removed: {Reason}. It is tried again at the next rotation.")]
    public static partial void NotTidied(ILogger log, string file, string reason);
}
