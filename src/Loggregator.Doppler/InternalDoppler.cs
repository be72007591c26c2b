using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Doppler.Attach;
using Loggregator.Doppler.Ingest;
using Loggregator.Doppler.Lifetime;
using Loggregator.Doppler.Queries;
using Loggregator.Doppler.Series;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler;

/// <summary><c>loggregator.internal.v1.Doppler</c>: what our own tiers call.</summary>
internal sealed class InternalDoppler(
    EnvelopeLog log,
    SeriesStore series,
    LogSources sources,
    DropsondeRows v1,
    DopplerIdentity identity,
    DopplerCounters counters,
    Draining draining,
    IngestLanes lanes,
    IngestPace pace,
    AggregateTurns turns,
    TimeProvider time,
    ILogger<InternalDoppler> logger)
{
    private static readonly Method<MessageBuffer, MessageBuffer> Sources =
        new(MethodType.ServerStreaming, RawMethods.Internal, "Sources", RawMethods.Marshaller, RawMethods.Marshaller);

    private async Task IngestAsync(IAsyncStreamReader<MessageBuffer> batches, IServerStreamWriter<MessageBuffer> answers, ServerCallContext context)
    {
        using var stream = draining.Enter(StreamKind.Ingress);
        var session = new IngestSession(log, series, identity, counters, draining, lanes, pace, time, logger);
        await session.RunAsync(batches, answers, context);
    }

    private async Task AttachAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> frames, ServerCallContext context)
    {
        using var stream = draining.Enter(StreamKind.Attach);
        using var session = new AttachSession(log, sources, v1, identity, counters, draining, time, logger);
        await session.RunAsync(requests, frames, context);
    }

    private async Task ReadAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext context)
    {
        ReadRequest request;
        using (message)
        {
            request = WireRequest.Parse(ReadRequest.Parser, message.Span);
        }

        if (request.ByTime is { } order)
        {
            await new OrderedRead(log, identity, counters).RunAsync(order, frames, context.CancellationToken);
            return;
        }

        using var read = new RangeRead(log, identity, counters);
        await read.RunAsync(request, frames, context.CancellationToken);
    }

    private async Task SourcesAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext context)
    {
        SourcesRequest request;
        using (message)
        {
            request = WireRequest.Parse(SourcesRequest.Parser, message.Span);
        }

        foreach (var frame in new SourcesReport(sources, series, identity).Frames(request))
        {
            using var buffer = MessageBuffer.Rent(frame.CalculateSize());
            frame.WriteTo(buffer);
            await frames.WriteAsync(buffer);
        }
    }

    private async Task ReadSeriesAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext context)
    {
        ReadSeriesRequest request;
        using (message)
        {
            request = WireRequest.Parse(ReadSeriesRequest.Parser, message.Span);
        }

        await new SeriesRead(series, identity, counters).RunAsync(request, frames, context.CancellationToken);
    }

    private async Task AggregateSeriesAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext context)
    {
        AggregateSeriesRequest request;
        using (message)
        {
            request = WireRequest.Parse(AggregateSeriesRequest.Parser, message.Span);
        }

        await new AggregateRead(series, identity, counters, turns, time).RunAsync(request, frames, context.CancellationToken);
    }

    /// <summary>Binds the calls to raw messages.</summary>
    internal sealed class Methods : IServiceMethodProvider<InternalDoppler>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<InternalDoppler> context)
        {
            context.AddDuplexStreamingMethod(RawMethods.Ingest, [], (service, batches, answers, call) => service.IngestAsync(batches, answers, call));
            context.AddServerStreamingMethod(RawMethods.Read, [], (service, request, frames, call) => service.ReadAsync(request, frames, call));
            context.AddServerStreamingMethod(Sources, [], (service, request, frames, call) => service.SourcesAsync(request, frames, call));
            context.AddServerStreamingMethod(RawMethods.ReadSeries, [], (service, request, frames, call) => service.ReadSeriesAsync(request, frames, call));
            context.AddServerStreamingMethod(RawMethods.AggregateSeries, [], (service, request, frames, call) => service.AggregateSeriesAsync(request, frames, call));
            context.AddDuplexStreamingMethod(RawMethods.Attach, [], (service, requests, frames, call) => service.AttachAsync(requests, frames, call));
        }
    }
}
