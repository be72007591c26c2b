namespace Loggregator.Hosting;

internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Warning, "Refused the connection of {Peer} to {Listener}: {Reason}.")]
    public static partial void HandshakeRefused(ILogger logger, string peer, string listener, string reason);

    [LoggerMessage(5002, LogLevel.Warning, "Refused {Names} at {Peer}, which called {Method}: its certificate must name {Wanted}.")]
    public static partial void CallForbidden(ILogger logger, string names, string peer, string method, string wanted);

    [LoggerMessage(5003, LogLevel.Warning, "{Names} at {Peer} called {Method}, though its certificate does not name {Wanted}. It is let through, as roles are not enforced.")]
    public static partial void CallWouldBeForbidden(ILogger logger, string names, string peer, string method, string wanted);

    [LoggerMessage(5004, LogLevel.Warning, "Draining took longer than {Deadline} s; what was still open was cut.")]
    public static partial void DrainCut(ILogger logger, double deadline);
}
