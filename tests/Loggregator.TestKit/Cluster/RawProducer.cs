using Grpc.Core;
using Grpc.Net.Client;

namespace Loggregator.TestKit.Cluster;

/// <summary>Sends bytes as they are to <c>loggregator.v2.Ingress</c>, for messages that a generated client cannot make.</summary>
public static class RawProducer
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> Unary = new(MethodType.Unary, "loggregator.v2.Ingress", "Send", Bytes, Bytes);

    /// <summary>Calls <c>Send</c> with these bytes for the batch.</summary>
    public static async Task SendAsync(GrpcChannel channel, byte[] message, CancellationToken cancel)
    {
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(Unary, null, new CallOptions(cancellationToken: cancel), message);
        await call.ResponseAsync;
    }
}
