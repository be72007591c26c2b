namespace Loggregator.Commands;

internal static partial class ProcessLog
{
    [LoggerMessage(5010, LogLevel.Information, "{Role} listens on {Addresses}.")]
    public static partial void Started(ILogger logger, string role, string addresses);

    [LoggerMessage(5011, LogLevel.Information, "Stopping: draining for up to {Seconds} s. A second signal ends at once.")]
    public static partial void Stopping(ILogger logger, double seconds);

    [LoggerMessage(5012, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(5013, LogLevel.Critical, "{Role} stopped by itself, which it never should; the entry before says why.")]
    public static partial void Failed(ILogger logger, string role);

    [LoggerMessage(5014, LogLevel.Error, "The configuration was read again, and nothing of it is taken over, because of errors: {Errors}")]
    public static partial void NotReloaded(ILogger logger, string errors);
}
