using Grpc.Core;

namespace Loggregator.TrafficController.LogCache;

/// <summary>Why a request is not served, in log-cache's words.</summary>
/// <param name="Code">gRPC status; plain errors of the original are <see cref="StatusCode.Unknown"/>.</param>
/// <param name="Message">What clients print.</param>
internal sealed record ReadFault(StatusCode Code, string Message)
{
    public static readonly ReadFault NotFound = new(StatusCode.NotFound, "Not Found");
    public static readonly ReadFault MethodNotAllowed = new(StatusCode.Unimplemented, "Method Not Allowed");
    public static readonly ReadFault NoDoppler = new(StatusCode.Unavailable, "failed to find route for request. please try again");
    public static readonly ReadFault TooMuch = new(StatusCode.ResourceExhausted, "the envelopes asked for are too large together: ask for fewer");
    public static readonly ReadFault NoMeta = new(StatusCode.Unknown, "failed to read meta data from remote node");

    /// <summary>The status over HTTP.</summary>
    public int HttpStatus => Code switch
    {
        StatusCode.InvalidArgument => 400,
        StatusCode.NotFound => 404,
        StatusCode.ResourceExhausted => 429,
        StatusCode.Unimplemented => 501,
        StatusCode.Unavailable => 503,
        _ => 500,
    };

    /// <summary>The same for a gRPC caller.</summary>
    public RpcException ToRpcException() => new(new Status(Code, Message));
}
