using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Delivery;

internal static partial class Log
{
    [LoggerMessage(4201, LogLevel.Warning, "Sink {Sink} at {Endpoint} fails: {Reason}. Its records wait and are tried again.")]
    public static partial void SinkFails(ILogger log, string sink, string endpoint, string reason);

    [LoggerMessage(4202, LogLevel.Information, "Sink {Sink} at {Endpoint} works again, after {Attempts} failed attempts.")]
    public static partial void SinkRecovered(ILogger log, string sink, string endpoint, int attempts);

    [LoggerMessage(4203, LogLevel.Warning, "Sink {Sink} at {Endpoint} has failed for long, last because {Reason}. It is tried once each 60 to 120 s from now on.")]
    public static partial void BreakerOpened(ILogger log, string sink, string endpoint, string reason);

    [LoggerMessage(4204, LogLevel.Warning, "Sink {Sink} refuses {Count} records for good, the first {Id} because {Reason}. They are in the dead-letter file {File}.")]
    public static partial void RecordsRefused(ILogger log, string sink, int count, string id, string reason, string file);

    [LoggerMessage(4205, LogLevel.Warning, "Sink {Sink} refuses {Count} records for good, the first {Id} because {Reason}. They are lost: {Problem}.")]
    public static partial void RecordsLost(ILogger log, string sink, int count, string id, string reason, string problem);

    [LoggerMessage(4206, LogLevel.Error, "Sink {Sink} at {Endpoint} is broken: {Error}. It is tried again.")]
    public static partial void SinkBroken(ILogger log, string sink, string endpoint, string error);
}
