using Grpc.Core;
using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Streams.Grpc;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary><c>Attach</c> of <c>loggregator.internal.v1.Doppler</c>, over all Dopplers: for our own clients.</summary>
internal sealed class AttachService(GrpcCalls calls, Subscriptions subscriptions, OpenStreams streams)
{
    public async Task AttachAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> frames, ServerCallContext context)
    {
        using var call = calls.Enter();
        using var session = new AttachSession(subscriptions, streams, context);
        await session.RunAsync(requests, frames);
    }
}
