using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Doppler.Lifetime;
using Loggregator.Doppler.Plumbing;
using Loggregator.Pipeline.Log;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V2;
using SubscriptionRequest = Loggregator.Protocol.Plumbing.SubscriptionRequest;

namespace Loggregator.Doppler.Egress;

/// <summary>
/// <c>loggregator.v2.Egress</c> and, of v1, <c>plumbing.Doppler</c>, for original reverse log proxies, Traffic Controllers and anyone else. A
/// call is one reader of the log: when it is slow, HTTP/2
/// flow control holds the writing, its position falls behind, and what the log had to give up meanwhile is told as gap records.
/// </summary>
internal sealed class DopplerEgress(
    EnvelopeLog log, DropsondeRows v1, DopplerCounters counters, DopplerOptions options, Draining draining, TimeProvider time)
{
    private const uint TheOnly = 1;
    private const int FrameBytes = 256 * 1024;
    private const int HeaderAllowance = 16; // record header of the only envelope of a message

    private Task BatchedReceiverAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context) =>
        ServeSelectorsAsync(request, context, responses.WriteAsync);

    private Task ReceiverAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context) =>
        ServeSelectorsAsync(request, context, batch => WriteEachAsync(batch, responses, wholeRecords: false));

    private Task BatchSubscribeAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context) =>
        ServeFilterAsync(request, context, responses.WriteAsync);

    private Task SubscribeAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> responses, ServerCallContext context) =>
        ServeFilterAsync(request, context, batch => WriteEachAsync(batch, responses, wholeRecords: true)); // a record is a Response as it is

    private Task ServeSelectorsAsync(MessageBuffer message, ServerCallContext context, Func<MessageBuffer, Task> write)
    {
        EgressBatchRequest request; // EgressRequest has the same fields
        using (message)
        {
            request = WireRequest.Parse(EgressBatchRequest.Parser, message.Span);
        }

        EnvelopeSelector[] selectors = [.. request.Selectors.Select(selector => new EnvelopeSelector(selector))];
        return ServeAsync(selectors, request.ShardId, request.DeterministicName, conversion: null, context, write);
    }

    private async Task ServeFilterAsync(MessageBuffer message, ServerCallContext context, Func<MessageBuffer, Task> write)
    {
        SubscriptionRequest request;
        using (message)
        {
            request = WireRequest.Parse(SubscriptionRequest.Parser, message.Span);
        }

        var filter = (request.Filter ?? new Filter()).Compile();
        v1.Enter();
        try
        {
            await ServeAsync([filter], request.ShardID, "", v1, context, write);
        }
        finally
        {
            v1.Leave();
        }
    }

    private async Task ServeAsync(
        IReadOnlyList<IEnvelopeFilter> filters,
        string shardId,
        string deterministicName,
        DropsondeRows? conversion,
        ServerCallContext context,
        Func<MessageBuffer, Task> write)
    {
        using var stream = draining.Enter(StreamKind.Egress);
        await using var cut = draining.Cut.Register(context.GetHttpContext().Abort); // a write that waits for the peer ends with the stream
        using var consumer = new LogConsumer(log, counters.Delivery);
        consumer.Open(new Pipeline.Log.SubscriptionRequest
        {
            Id = TheOnly,
            Selectors = filters,
            ShardId = shardId,
            MemberName = deterministicName,
            Credit = long.MaxValue,
            MaxEnvelopeBytes = options.MaxEgressMessageBytes - HeaderAllowance,
        });
        Interlocked.Increment(ref counters.Subscriptions);
        var frame = new BatchFrame(Math.Min(FrameBytes, options.MaxEgressMessageBytes), filters, conversion);
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

    private static async Task WriteEachAsync(MessageBuffer batch, IServerStreamWriter<MessageBuffer> responses, bool wholeRecords)
    {
        for (var at = 0; TryNext(batch, ref at, wholeRecords, out var response);)
        {
            using (response)
            {
                await responses.WriteAsync(response);
            }
        }
    }

    private static bool TryNext(MessageBuffer batch, ref int at, bool wholeRecord, out MessageBuffer response)
    {
        var records = new RecordReader(batch.Span[at..]);
        if (!records.MoveNext())
        {
            response = null!;
            return false;
        }

        var bytes = wholeRecord ? batch.Span.Slice(at + records.RecordOffset, records.RecordLength) : records.Current;
        at += records.RecordOffset + records.RecordLength;
        response = MessageBuffer.Rent(bytes.Length);
        response.Write(bytes);
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
            context.AddServerStreamingMethod(
                RawMethods.BatchSubscribe, [], (service, request, responses, call) => service.BatchSubscribeAsync(request, responses, call));
            context.AddServerStreamingMethod(
                RawMethods.Subscribe, [], (service, request, responses, call) => service.SubscribeAsync(request, responses, call));
        }
    }
}
