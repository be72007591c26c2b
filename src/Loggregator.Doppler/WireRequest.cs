using Google.Protobuf;
using Grpc.Core;

namespace Loggregator.Doppler;

/// <summary>Requests that are read with the generated classes.</summary>
internal static class WireRequest
{
    /// <summary>The request, or InvalidArgument.</summary>
    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"The {typeof(T).Name} is malformed."));
        }
    }
}
