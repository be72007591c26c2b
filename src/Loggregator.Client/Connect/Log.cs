using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Connect;

internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "The Doppler list has {Count} addresses now: {Addresses}.")]
    public static partial void DopplersChanged(ILogger log, int count, string addresses);

    [LoggerMessage(101, LogLevel.Warning, "Looking up {Host} failed: {Reason}. Its last {Kept} addresses stay in use; the next lookup follows.")]
    public static partial void LookupFailed(ILogger log, string host, string reason, int kept);
}
