using Loggregator.TrafficController.Query;
using Loggregator.TrafficController.Streams.Sse;
using Loggregator.TrafficController.Upstream;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>What is below <c>/apps</c> and <c>/firehose</c>: the streams of version 1, and its requests for what is recent.</summary>
internal sealed class WebSocketEndpoints(
    DopplerSet dopplers,
    OpenStreams streams,
    RecentEndpoints recent,
    WritePace pace,
    TrafficControllerEvents events,
    TrafficControllerCounters counters,
    IOptions<TrafficControllerOptions> options,
    TimeProvider time,
    ILoggerFactory logs)
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PongPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1); // until the client has closed its side
    private readonly ILogger _log = logs.CreateLogger("Loggregator.TrafficController");
    private readonly TrafficControllerOptions _options = options.Value;
    private int _open;

    public async Task ServeAsync(HttpContext context)
    {
        if (!V1Route.TryParse(context.Request.Path.Value, out var route))
        {
            await NotFound.WriteAsync(context.Response);
            return;
        }

        if (route.What != V1Route.Stream)
        {
            await (route.What == V1Route.RecentLogs ? recent.LogsAsync(context, route.Id) : recent.ContainerMetricsAsync(context, route.Id));
            return;
        }

        if (!await Handshake.IsAskedForAsync(context))
        {
            return;
        }

        var open = Interlocked.Increment(ref _open);
        try
        {
            if (streams.Draining || open > _options.MaxWebSockets)
            {
                Interlocked.Increment(ref counters.RejectedWebSockets);
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            Interlocked.Increment(ref Open(route));
            try
            {
                await StreamAsync(context, route, new QueryPairs(context.Request.QueryString.Value));
            }
            finally
            {
                Interlocked.Decrement(ref Open(route));
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task StreamAsync(HttpContext context, V1Route route, QueryPairs query)
    {
        var peer = SlowConsumerEvent.Peer(context);
        var slow = query.First("slow-consumer") == "drop" ? null : SlowPolicy.Original;
        using var envelopes = dopplers.Open(route.Request(query.First("filter-type"), _options.ClientBytes));
        using var open = streams.Add(envelopes, StreamProtocol.WebSocket, peer, context.Abort, slow);
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        var socket = await Handshake.AcceptAsync(context);
        using var client = new ClientReader(socket, envelopes);
        var reading = client.RunAsync(context.RequestAborted);
        var pump = new WebSocketPump(open, socket, client, NewKeepAlive(), pace, route.Firehose, time, counters);
        var end = await pump.RunAsync();
        if (open.Slow)
        {
            Interlocked.Increment(ref counters.SlowConsumers);
            Log.SlowConsumer(_log, peer, context.Request.Path);
            events.Add(SlowConsumerEvent.Of(context));
        }

        if (end is not null)
        {
            await reading.WaitAsync(Farewell, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!reading.IsCompleted)
        {
            context.Abort();
            await reading;
        }
    }

    private KeepAlive NewKeepAlive() => new(
        time.GetTimestamp(),
        (long)(PingInterval.TotalSeconds * time.TimestampFrequency),
        (long)(PongPatience.TotalSeconds * time.TimestampFrequency));

    private ref long Open(V1Route route) => ref route.Firehose ? ref counters.Firehoses : ref counters.AppStreams;
}
