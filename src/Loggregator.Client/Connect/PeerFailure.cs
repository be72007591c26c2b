using System.Net.Sockets;
using Grpc.Core;

namespace Loggregator.Client.Connect;

/// <summary>Why a call to a peer failed, as a phrase for logs and notices: no full stop, no type names, no certificate's name in place of the address.</summary>
internal static class PeerFailure
{
    /// <summary>The reason; of what the peer itself answered, code and text.</summary>
    public static string Text(Exception exception) => exception switch
    {
        RpcException { Status.DebugException: { } cause } => Cause(cause),
        RpcException { Status.Detail.Length: > 0 } rpc => $"it answered {rpc.StatusCode}: {rpc.Status.Detail.TrimEnd('.')}",
        RpcException rpc => $"it answered {rpc.StatusCode}",
        _ => Cause(exception),
    };

    private static string Cause(Exception exception) => exception.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "nothing listens there (connection refused)",
        SocketException { SocketErrorCode: SocketError.ConnectionReset } or HttpIOException => "the connection broke",
        SocketException { SocketErrorCode: SocketError.TimedOut } or TimeoutException or OperationCanceledException => "no connection in time",
        SocketException { SocketErrorCode: SocketError.HostUnreachable or SocketError.NetworkUnreachable } => "there is no route to it",
        var cause => cause.Message.TrimEnd('.'),
    };
}
