using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle;

/// <summary>Messages of the nozzle, ids from 4001.</summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Sink {Sink} delivers to {Endpoint}; {Held} envelopes wait for it.")]
    public static partial void SinkStarted(ILogger logger, string sink, string endpoint, long held);

    [LoggerMessage(4002, LogLevel.Information, "Sink {Sink} has stopped; {Held} envelopes wait on disk for its next start.")]
    public static partial void SinkStopped(ILogger logger, string sink, long held);

    [LoggerMessage(4003, LogLevel.Warning, "Sink {Sink} lives in memory: {Count} envelopes were not delivered, or not confirmed by the receiver, before the stop and are lost.")]
    public static partial void LiveLost(ILogger logger, string sink, long count);

    [LoggerMessage(4004, LogLevel.Error, "The spool of sink {Sink} cannot be read and is tried again each second: {Reason}")]
    public static partial void SpoolUnreadable(ILogger logger, string sink, string reason);

    [LoggerMessage(4005, LogLevel.Warning, "The spool of sink {Sink} can be read again.")]
    public static partial void SpoolReadable(ILogger logger, string sink);

    [LoggerMessage(4006, LogLevel.Warning, "The cursor of sink {Sink} cannot be written: {Reason}")]
    public static partial void CursorNotKept(ILogger logger, string sink, string reason);

    [LoggerMessage(4007, LogLevel.Information, "Sinks are {Sinks}; {Changed} changed.")]
    public static partial void Reloaded(ILogger logger, string sinks, int changed);

    [LoggerMessage(4008, LogLevel.Error, "Sink {Sink} cannot be started and is tried again at the next reload: {Reason}")]
    public static partial void SinkNotStarted(ILogger logger, string sink, string reason);

    [LoggerMessage(4009, LogLevel.Critical, "Sink {Sink} has failed, and the nozzle with it.")]
    public static partial void SinkFailed(ILogger logger, string sink, Exception error);

    [LoggerMessage(4010, LogLevel.Warning, "Sink {Sink} is gone from the configuration; {Held} envelopes stay in {Folder} until it comes back or the folder is removed.")]
    public static partial void SinkRemoved(ILogger logger, string sink, long held, string folder);
}
