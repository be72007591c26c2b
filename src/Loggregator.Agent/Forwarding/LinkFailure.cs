using Google.Protobuf;
using Grpc.Core;

namespace Loggregator.Agent.Forwarding;

/// <summary>What a broken stream throws.</summary>
internal static class LinkFailure
{
    /// <summary>Whether this is the end of a stream and not a mistake of ours.</summary>
    public static bool Is(Exception exception) => exception is RpcException
        or InvalidProtocolBufferException
        or IOException
        or HttpRequestException
        or OperationCanceledException
        or InvalidOperationException; // "the call is already completed", and ObjectDisposedException
}
