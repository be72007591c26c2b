using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Protocol.Grpc;
using Microsoft.Extensions.Hosting;

namespace Loggregator.Agent.Ingress;

/// <summary>
/// <c>loggregator.v2.Ingress</c>: what producers call. An answer means that the envelopes are in the ring, no more. When the role stops,
/// streams end with Unavailable, so that producers turn elsewhere or come back.
/// </summary>
internal sealed class AgentIngress(EnvelopeIntake intake, IHostApplicationLifetime lifetime)
{
    private Task<MessageBuffer> Send(MessageBuffer message, ServerCallContext context)
    {
        using (message)
        {
            AcceptBatch(message);
        }

        return Task.FromResult(MessageBuffer.Rent(0));
    }

    private Task<MessageBuffer> BatchSenderAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext context) =>
        ReceiveAsync(messages, AcceptBatch, context);

    private Task<MessageBuffer> SenderAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext context) =>
        ReceiveAsync(messages, message => intake.Accept(message.Span), context);

    private async Task<MessageBuffer> ReceiveAsync(IAsyncStreamReader<MessageBuffer> messages, Action<MessageBuffer> accept, ServerCallContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            while (await messages.MoveNext(end.Token))
            {
                using var message = messages.Current;
                accept(message);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            throw new RpcException(lifetime.ApplicationStopping.IsCancellationRequested
                ? new Status(StatusCode.Unavailable, "The agent is stopping.")
                : new Status(StatusCode.Cancelled, "The producer went away."));
        }

        return MessageBuffer.Rent(0);
    }

    private void AcceptBatch(MessageBuffer message)
    {
        if (!intake.AcceptBatch(message.Span))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                "The message is not an EnvelopeBatch: its bytes are malformed. The envelopes before that place were taken."));
        }
    }

    /// <summary>Binds the calls to raw messages.</summary>
    internal sealed class Methods : IServiceMethodProvider<AgentIngress>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<AgentIngress> context)
        {
            context.AddUnaryMethod(RawMethods.Send, [], (service, message, call) => service.Send(message, call));
            context.AddClientStreamingMethod(RawMethods.BatchSender, [], (service, messages, call) => service.BatchSenderAsync(messages, call));
            context.AddClientStreamingMethod(RawMethods.Sender, [], (service, messages, call) => service.SenderAsync(messages, call));
        }
    }
}
