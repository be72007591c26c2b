using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Consume.Acknowledged;

internal static partial class Log
{
    [LoggerMessage(110, LogLevel.Information, "Joined group {Group} at Doppler {Doppler}, from position {Position}.")]
    public static partial void JoinedGroup(ILogger logger, string group, string doppler, ulong position);

    [LoggerMessage(111, LogLevel.Warning, "Not in group {Group} at the Doppler at {Address}: {Reason}. It is tried again.")]
    public static partial void LostGroup(ILogger logger, string group, string address, string reason);
}
