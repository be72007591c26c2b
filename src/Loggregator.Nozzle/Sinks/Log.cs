using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Sinks;

internal static partial class Log
{
    [LoggerMessage(4301, LogLevel.Warning, "The rotated files of {File} could not be compressed or removed: {Reason}. It is tried again at the next rotation.")]
    public static partial void NotTidied(ILogger log, string file, string reason);

    [LoggerMessage(4302, LogLevel.Debug, "librdkafka, {Facility}: {Line}")]
    public static partial void Librdkafka(ILogger log, string facility, string line);
}
