using Loggregator.TrafficController.Query;
using Loggregator.TrafficController.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>The HTTP streams: <c>/v2/read</c>, <c>/v2/stream</c>, <c>/v2/recent</c>.</summary>
internal sealed class SseEndpoints(
    DopplerSet dopplers,
    OpenStreams streams,
    SourceQuery sources,
    TrafficControllerCounters counters,
    IOptions<TrafficControllerOptions> options,
    TimeProvider time)
{
    private readonly TrafficControllerOptions _options = options.Value;

    public async Task ReadAsync(HttpContext context)
    {
        if (context.Request.Path != "/v2/read")
        {
            await NotFound.WriteAsync(context.Response);
            return;
        }

        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await GatewayError.MethodNotAllowed.WriteAsync(context.Response);
            return;
        }

        var error = ReadQuery.TryRead(new QueryPairs(context.Request.QueryString.Value), _options.ClientBytes, out var request);
        error ??= streams.Draining ? GatewayError.StreamingUnavailable : null;
        if (error is not null)
        {
            await error.WriteAsync(context.Response);
            return;
        }

        using var envelopes = dopplers.Open(request!);
        using var open = Begin(context, envelopes);
        var sse = new SseWriter(context.Response, open, time, counters);
        await new GatewayPump(open, sse, SseTimes.Of(_options, time, limited: true), time, counters).RunAsync(context.RequestAborted);
    }

    public Task StreamAsync(HttpContext context) => ServeAsync(context, recent: false);

    public Task RecentAsync(HttpContext context) => ServeAsync(context, recent: true);

    private async Task ServeAsync(HttpContext context, bool recent)
    {
        var error = StreamQuery.TryRead(
            new QueryPairs(context.Request.QueryString.Value), context.Request.Headers["Last-Event-ID"], recent, _options, time.GetUtcNow(), out var query);
        error ??= streams.Draining ? new StreamError("stopping", "the Traffic Controller is stopping", "Connect again in a moment.", 503) : null;
        if (error is not null)
        {
            await error.WriteAsync(context.Response);
            return;
        }

        using var envelopes = dopplers.Open(query!.Request);
        using var open = Begin(context, envelopes);
        var sse = new SseWriter(context.Response, open, time, counters);
        var pump = new CursorPump(open, sse, SseTimes.Of(_options, time, limited: false), query, recent, _options, time, counters);
        if (!recent && !dopplers.HasOriginals)
        {
            pump.Watch(sources, context.RequestAborted);
        }

        await pump.RunAsync(context.RequestAborted);
    }

    // A client that reads slowly is legitimate; one that does not read at all is cut off by the streams' clock.
    private OpenStream Begin(HttpContext context, EnvelopeStream envelopes)
    {
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        return streams.Add(envelopes, StreamProtocol.Sse, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", context.Abort);
    }
}
