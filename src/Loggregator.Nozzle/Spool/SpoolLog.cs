using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle.Spool;

/// <summary>Messages of spools, ids from 4100.</summary>
internal static partial class SpoolLog
{
    [LoggerMessage(4100, LogLevel.Information, "Spool {Directory} is open: {Held} envelopes in {Bytes} bytes are to be delivered.")]
    public static partial void Opened(ILogger logger, string directory, long held, long bytes);

    [LoggerMessage(4101, LogLevel.Warning, "Spool {Directory}: the header of {Segment} is damaged; its blocks are read all the same.")]
    public static partial void HeaderDamaged(ILogger logger, string directory, string segment);

    [LoggerMessage(4102, LogLevel.Information, "Spool {Directory}: {Segment} ends with {Bytes} bytes of a write that was not finished; nothing of it was acknowledged.")]
    public static partial void UnfinishedWrite(ILogger logger, string directory, string segment, long bytes);

    [LoggerMessage(4103, LogLevel.Warning, "Spool {Directory}: there is no read mark that can be read; everything that is held is delivered, perhaps again.")]
    public static partial void MarkMissing(ILogger logger, string directory);

    [LoggerMessage(4104, LogLevel.Error, "Spool {Directory} stores nothing, and nothing more is acknowledged: {Reason}")]
    public static partial void Stopped(ILogger logger, string directory, string reason);

    [LoggerMessage(4105, LogLevel.Warning, "Spool {Directory} stores again.")]
    public static partial void Resumed(ILogger logger, string directory);

    [LoggerMessage(4106, LogLevel.Warning, "Spool {Directory}: {Segment} was given up, its last write goes into another: {Reason}")]
    public static partial void Retired(ILogger logger, string directory, string segment, string reason);

    [LoggerMessage(4107, LogLevel.Warning, "Spool {Directory} is full and drops its oldest: {Count} envelopes so far. Gap records tell of them.")]
    public static partial void Dropped(ILogger logger, string directory, long count);

    [LoggerMessage(4108, LogLevel.Warning, "Spool {Directory}: {Count} envelopes cannot be read back, {Places} damaged places in {Segment}. A gap record tells of them.")]
    public static partial void Damaged(ILogger logger, string directory, ulong count, int places, string segment);

    [LoggerMessage(4109, LogLevel.Error, "Spool {Directory}: what was delivered cannot be written down, and would be delivered again after a crash: {Reason}")]
    public static partial void MarkFailed(ILogger logger, string directory, string reason);

    [LoggerMessage(4110, LogLevel.Warning, "Spool {Directory}: {Segment} has no readable block and is removed.")]
    public static partial void Unreadable(ILogger logger, string directory, string segment);

    [LoggerMessage(4111, LogLevel.Warning, "Spool {Directory}: cannot give room back: {Reason}")]
    public static partial void NotSwept(ILogger logger, string directory, string reason);
}
