using Microsoft.Extensions.Logging;

namespace Loggregator.TrafficController;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "Attached to Doppler {Doppler} at {Address}.")]
    public static partial void Attached(ILogger log, string doppler, string address);

    [LoggerMessage(3002, LogLevel.Warning, "The Doppler at {Address} is not attached: {Reason}. It is tried again until it answers.")]
    public static partial void DopplerLost(ILogger log, string address, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "The original Doppler at {Address} is not connected: {Reason}. It is tried again until it answers.")]
    public static partial void OriginalLost(ILogger log, string address, string reason);

    [LoggerMessage(3004, LogLevel.Warning, "Client {Peer} has not read for {Seconds} s and is cut off.")]
    public static partial void ClientStalled(ILogger log, string peer, int seconds);

    [LoggerMessage(3005, LogLevel.Information, "Stopping: {Streams} streams get up to {Seconds} s to end.")]
    public static partial void Draining(ILogger log, int streams, double seconds);

    [LoggerMessage(3006, LogLevel.Warning, "{Streams} streams did not end in time and were cut off.")]
    public static partial void DrainTimedOut(ILogger log, int streams);

    [LoggerMessage(3007, LogLevel.Warning, "Slow consumer {Peer} of {Path} has not read for 5 s and is disconnected.")]
    public static partial void SlowConsumer(ILogger log, string peer, string path);
}
