using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Doppler.Lifetime;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;

namespace Loggregator.Doppler.Egress;

/// <summary>
/// <c>loggregator.v2.Egress</c>, for original reverse log proxies and anyone else. A call is one reader of the log: when it is slow, HTTP/2
/// flow control holds the writing, its position falls behind, and what the log had to give up meanwhile is told as gap records.
/// </summary>
internal sealed class DopplerEgress(EnvelopeLog log, DopplerCounters counters, DopplerOptions options, Draining draining, TimeProvider time)
{
    private const uint TheOnly = 1;
    private const int FrameBytes = 256 * 1024;
    private const int HeaderAllowance = 16; // record header of the only envelope of a message

    private Task BatchedReceiverAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context) =>
        ServeAsync(request, context, responses.WriteAsync);

    private Task ReceiverAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context) =>
        ServeAsync(request, context, batch => WriteEachAsync(batch, responses));

    private async Task ServeAsync(MessageBuffer message, ServerCallContext context, Func<MessageBuffer, Task> write)
    {
        EgressBatchRequest request; // EgressRequest has the same fields
        using (message)
        {
            request = WireRequest.Parse(EgressBatchRequest.Parser, message.Span);
        }

        using var stream = draining.Enter(StreamKind.Egress);
        await using var cut = draining.Cut.Register(context.GetHttpContext().Abort); // a write that waits for the peer ends with the stream
        EnvelopeSelector[] selectors = [.. request.Selectors.Select(selector => new EnvelopeSelector(selector))];
        using var consumer = new LogConsumer(log, counters.Delivery);
        consumer.Open(new SubscriptionRequest
        {
            Id = TheOnly,
            Selectors = selectors,
            ShardId = request.ShardId,
            MemberName = request.DeterministicName,
            Credit = long.MaxValue,
            MaxEnvelopeBytes = options.MaxEgressMessageBytes - HeaderAllowance,
        });
        Interlocked.Increment(ref counters.Subscriptions);
        var frame = new BatchFrame(Math.Min(FrameBytes, options.MaxEgressMessageBytes), selectors);
        await using var pump = new EgressPump(consumer, frame, counters, draining, time, context.CancellationToken);
        try
        {
            await context.WriteResponseHeadersAsync([]); // a stream without matches is seen to be there
            await pump.RunAsync(write, Finish);
        }
        catch (Exception exception) when (context.CancellationToken.IsCancellationRequested && exception is not RpcException)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "The reader went away."));
        }
        finally
        {
            Interlocked.Decrement(ref counters.Subscriptions);
        }

        throw new RpcException(context.CancellationToken.IsCancellationRequested
            ? new Status(StatusCode.Cancelled, "The reader went away.")
            : new Status(StatusCode.Unavailable, "The Doppler is stopping."));

        bool Finish(bool tick)
        {
            Interlocked.Add(ref counters.GapsWritten, frame.Gaps);
            return false;
        }
    }

    private static async Task WriteEachAsync(MessageBuffer batch, IServerStreamWriter<MessageBuffer> responses)
    {
        for (var at = 0; TryNext(batch, ref at, out var envelope);)
        {
            using (envelope)
            {
                await responses.WriteAsync(envelope);
            }
        }
    }

    private static bool TryNext(MessageBuffer batch, ref int at, out MessageBuffer envelope)
    {
        var records = new RecordReader(batch.Span[at..]);
        if (!records.MoveNext())
        {
            envelope = null!;
            return false;
        }

        at += records.RecordLength;
        envelope = MessageBuffer.Rent(records.Current.Length);
        envelope.Write(records.Current);
        return true;
    }

    /// <summary>Binds the calls to raw messages.</summary>
    internal sealed class Methods : IServiceMethodProvider<DopplerEgress>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DopplerEgress> context)
        {
            context.AddServerStreamingMethod(
                RawMethods.BatchedReceiver, [], (service, request, responses, call) => service.BatchedReceiverAsync(request, responses, call));
            context.AddServerStreamingMethod(
                RawMethods.Receiver, [], (service, request, responses, call) => service.ReceiverAsync(request, responses, call));
        }
    }
}
