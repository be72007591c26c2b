using Grpc.Core;
using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Upstream;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams.Grpc;

/// <summary>The reverse log proxy: <c>loggregator.v2.Egress</c> for consumers outside.</summary>
internal sealed class EgressService(
    DopplerSet dopplers, GrpcCalls calls, OpenStreams streams, TrafficControllerCounters counters, IOptions<TrafficControllerOptions> options)
{
    /// <summary>Serves <c>Receiver</c> or <c>BatchedReceiver</c>.</summary>
    public async Task ReceiveAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context, bool batched)
    {
        using (message)
        {
            using var call = calls.Enter(); // before the selectors are looked at, as in the original
            if (!EgressQuery.TryRead(message.Span, options.Value.ClientBytes, out var request, out var preferredTags, out var refusal))
            {
                throw new RpcException(refusal);
            }

            await ServeAsync(request, responses, context, batched, preferredTags);
        }
    }

    private async Task ServeAsync(
        StreamRequest request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context, bool batched, bool preferredTags)
    {
        var cancel = context.CancellationToken;
        using var envelopes = dopplers.Open(request);
        using var open = streams.Add(envelopes, StreamProtocol.Grpc, context.Peer, context.GetHttpContext().Abort);
        try
        {
            await context.WriteResponseHeadersAsync([]);
            await new EgressPump(open, responses, batched, preferredTags, counters).RunAsync(cancel);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            if (!cancel.IsCancellationRequested)
            {
                throw new RpcException(new Status(StatusCode.Unknown, "unexpected EOF"));
            }
        }
    }
}
