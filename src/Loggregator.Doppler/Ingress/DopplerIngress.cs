using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Doppler.Lifetime;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Doppler.Ingress;

/// <summary>
/// <c>loggregator.v2.Ingress</c> and, of v1, <c>plumbing.DopplerIngestor</c>, for original agents and anyone else: all calls. A half-close is answered with OK. When the role
/// stops, streams are read for a short while longer and then end with Unavailable, so that producers turn elsewhere.
/// </summary>
internal sealed class DopplerIngress(EnvelopeLog log, SeriesStore series, EnvelopeIntake intake, Draining draining)
{
    private Task<MessageBuffer> Send(MessageBuffer message, ServerCallContext context)
    {
        var batch = new IntakeBatch(log, series);
        using (message)
        {
            AcceptBatch(message, batch);
        }

        return Task.FromResult(MessageBuffer.Rent(0));
    }

    private Task<MessageBuffer> BatchSenderAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext context) =>
        ReceiveAsync(messages, AcceptBatch, context);

    private Task<MessageBuffer> SenderAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext context) =>
        ReceiveAsync(messages, (message, batch) => intake.Accept(message.Span, batch), context);

    private Task<MessageBuffer> PusherAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext context) =>
        ReceiveAsync(messages, (message, batch) => intake.AcceptDropsonde(message.Span, batch), context);

    private async Task<MessageBuffer> ReceiveAsync(
        IAsyncStreamReader<MessageBuffer> messages, Action<MessageBuffer, IntakeBatch> accept, ServerCallContext context)
    {
        var batch = new IntakeBatch(log, series);
        using var stream = draining.Enter(StreamKind.Ingress);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, draining.EndOfIngress);
        try
        {
            while (await messages.MoveNext(end.Token))
            {
                using var message = messages.Current;
                accept(message, batch);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            throw new RpcException(draining.EndOfIngress.IsCancellationRequested
                ? new Status(StatusCode.Unavailable, "The Doppler is stopping.")
                : new Status(StatusCode.Cancelled, "The producer went away."));
        }

        return MessageBuffer.Rent(0);
    }

    private void AcceptBatch(MessageBuffer message, IntakeBatch batch)
    {
        if (!intake.AcceptBatch(message.Span, batch))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                "The message is not an EnvelopeBatch: its bytes are malformed. The envelopes before that place were taken."));
        }
    }

    /// <summary>Binds the calls to raw messages.</summary>
    internal sealed class Methods : IServiceMethodProvider<DopplerIngress>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DopplerIngress> context)
        {
            context.AddUnaryMethod(RawMethods.Send, [], (service, message, call) => service.Send(message, call));
            context.AddClientStreamingMethod(RawMethods.BatchSender, [], (service, messages, call) => service.BatchSenderAsync(messages, call));
            context.AddClientStreamingMethod(RawMethods.Pusher, [], (service, messages, call) => service.PusherAsync(messages, call));
            context.AddClientStreamingMethod(RawMethods.Sender, [], (service, messages, call) => service.SenderAsync(messages, call));
        }
    }
}
