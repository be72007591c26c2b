using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler;

/// <summary>Messages of the doppler role, ids from 2000.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "Doppler {Id} takes envelopes; its log holds up to {Bytes} bytes.")]
    public static partial void Started(ILogger logger, string id, long bytes);

    [LoggerMessage(2001, LogLevel.Information, "The Doppler stopped after {Envelopes} envelopes.")]
    public static partial void Stopped(ILogger logger, long envelopes);

    [LoggerMessage(2002, LogLevel.Information, "Agent {Agent} opened lane {Lane}.")]
    public static partial void LaneOpened(ILogger logger, string agent, uint lane);

    [LoggerMessage(2003, LogLevel.Warning, "Agent {Agent} was sent away: {Reason}")]
    public static partial void AgentRefused(ILogger logger, string agent, string reason);

    [LoggerMessage(2004, LogLevel.Warning,
        "Member {Member} of group {Group} has acknowledged nothing for {Seconds} s; the log keeps what it was sent as long as there is room.")]
    public static partial void MemberOverdue(ILogger logger, string member, string group, int seconds);

    [LoggerMessage(2005, LogLevel.Information, "Member {Member} of group {Group} acknowledges again.")]
    public static partial void MemberAcknowledges(ILogger logger, string member, string group);

    [LoggerMessage(2021, LogLevel.Information, "Recent history of {Sources} sources goes with the Doppler: Doppler:SnapshotPath names no file for it.")]
    public static partial void HistoryGone(ILogger logger, int sources);

    [LoggerMessage(2022, LogLevel.Information, "Recent history was written to {Path}: {Bytes} bytes in {Seconds:F1} s.")]
    public static partial void SnapshotWritten(ILogger logger, string path, long bytes, double seconds);

    [LoggerMessage(2023, LogLevel.Warning, "Recent history could not be written to {Path} and is lost: {Reason}")]
    public static partial void SnapshotNotWritten(ILogger logger, string path, string reason);

    [LoggerMessage(2024, LogLevel.Information, "Recent history was loaded from {Path}: {Bytes} bytes, {Envelopes} envelopes and {Samples} samples in {Seconds:F1} s.")]
    public static partial void SnapshotLoaded(ILogger logger, string path, long bytes, long envelopes, long samples, double seconds);

    [LoggerMessage(2025, LogLevel.Warning, "Recent history in {Path} cannot be loaded, the Doppler starts without it. {Reason} It is {Refused} now.")]
    public static partial void SnapshotRefused(ILogger logger, string path, string reason, string refused);

    [LoggerMessage(2026, LogLevel.Warning, "Recent history in {Path} cannot be read, the Doppler starts without it: {Reason}")]
    public static partial void SnapshotUnreadable(ILogger logger, string path, string reason);

    [LoggerMessage(2027, LogLevel.Warning, "Recent history in {Path} has series that cannot be loaded, the Doppler starts without them: {Reason}")]
    public static partial void SnapshotSeriesRefused(ILogger logger, string path, string reason);

    [LoggerMessage(2020, LogLevel.Warning,
        "Source {Source} has metrics that there is no room for as series of their own, by the limit of '{Limit}'; their samples are folded and counted.")]
    public static partial void SeriesFolded(ILogger logger, string source, string limit);

    [LoggerMessage(2006, LogLevel.Warning, "Member {Member} of group {Group} was sent away: {Reason}")]
    public static partial void MemberEnded(ILogger logger, string member, string group, string reason);

    [LoggerMessage(2010, LogLevel.Information, "The log may hold up to {Bytes} bytes from now on, {Percent} % of them metrics.")]
    public static partial void LogResized(ILogger logger, long bytes, int percent);

    [LoggerMessage(2011, LogLevel.Information,
        "Series may take up to {Bytes} bytes from now on; there may be {MaxSeries}, and {PerSource} of one source. {Series} series and {Samples} samples went because of that.")]
    public static partial void SeriesResized(ILogger logger, long bytes, int maxSeries, int perSource, int series, long samples);
}
