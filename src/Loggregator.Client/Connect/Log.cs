using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Connect;

internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "The Doppler list has {Count} addresses now: {Addresses}.")]
    public static partial void DopplersChanged(ILogger log, int count, string addresses);

    [LoggerMessage(101, LogLevel.Warning, "Looking up {Host} failed: {Reason}. Its last {Kept} addresses stay in use; the next lookup follows.")]
    public static partial void LookupFailed(ILogger log, string host, string reason, int kept);

    [LoggerMessage(5101, LogLevel.Information, "Certificate {File} was reloaded and is valid until {Until:yyyy-MM-dd HH:mm} UTC.")]
    public static partial void CertificateReloaded(ILogger logger, string file, DateTime until);

    [LoggerMessage(5102, LogLevel.Error, "The certificate files changed but cannot be used, so the old ones stay: {Reason}")]
    public static partial void CertificateNotReloaded(ILogger logger, string reason);

    [LoggerMessage(5103, LogLevel.Warning, "Certificate {File} ends on {Until:yyyy-MM-dd HH:mm} UTC. Put a new one in its place; it is picked up without restart.")]
    public static partial void CertificateExpires(ILogger logger, string file, DateTime until);

    [LoggerMessage(5104, LogLevel.Error, "TLS with {ServerName} at {Peer} failed: {Reason}.")]
    public static partial void HandshakeFailed(ILogger logger, string serverName, string peer, string reason);

    [LoggerMessage(5105, LogLevel.Information, "TLS with {ServerName} at {Peer} works again.")]
    public static partial void HandshakeRecovered(ILogger logger, string serverName, string peer);
}
