using System.Collections.Concurrent;
using System.Net;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Loggregator.TestKit.Originals;

/// <summary>
/// A Doppler that behaves as the original does towards Traffic Controllers: <c>plumbing.Doppler/BatchSubscribe</c> and
/// <c>loggregator.v2.Egress/BatchedReceiver</c>, a ring for each subscriber, no log, no service of our own. What goes in is given in both
/// versions by the test. Plaintext, loopback.
/// </summary>
public sealed class OriginalDoppler : IAsyncDisposable
{
    private readonly ConcurrentDictionary<OriginalSubscription, bool> _v1 = new();
    private readonly ConcurrentDictionary<(OriginalSubscription Ring, EnvelopeSelector[] Selectors), bool> _v2 = new();
    private readonly ConcurrentDictionary<Action, bool> _aborts = new();
    private readonly Random _random = new(1);
    private WebApplication? _app;
    private int _opened;
    private int _port;

    /// <summary>Where it listens.</summary>
    public string Address => $"127.0.0.1:{_port}";

    /// <summary>Every subscription of version 1 that there ever was.</summary>
    public ConcurrentQueue<OriginalSubscription> Subscribed { get; } = new();

    /// <summary>Subscriptions of version 1 open now.</summary>
    public int Subscriptions => _v1.Count;

    /// <summary>Subscriptions of version 2 open now.</summary>
    public int Receivers => _v2.Count;

    /// <summary>Streams of version 1 that were begun, failed ones too.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Fail every stream of version 1 as soon as it is open and one envelope has been sent.</summary>
    public bool FailsAtOnce { get; set; }

    public static async Task<OriginalDoppler> StartAsync()
    {
        var doppler = new OriginalDoppler();
        await doppler.ListenAsync();
        return doppler;
    }

    /// <summary>Listens, on the port it had before if there was one.</summary>
    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
            kestrel.Listen(IPAddress.Loopback, _port, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.Services.AddSingleton<IServiceMethodProvider<OriginalDoppler>, Methods>();
        _app = builder.Build();
        _app.MapGrpcService<OriginalDoppler>();
        await _app.StartAsync();
        _port = new Uri(_app.Urls.First()).Port;
    }

    /// <summary>
    /// Publishes one envelope on both buses. Of version 1 every subscriber of its application and kind gets it, of those with a common shard id
    /// in the same group one, drawn by lot.
    /// </summary>
    /// <param name="appId">The application of the v1 envelope, <c>system</c> if it has none.</param>
    /// <param name="isLog">Whether it is a log message.</param>
    /// <param name="v1">Version 1; null: none.</param>
    /// <param name="v2">Version 2; null: none.</param>
    public void Publish(string appId, bool isLog, byte[]? v1, byte[]? v2)
    {
        var kind = isLog ? "log" : "metric";
        var takers = v1 is null ? [] : _v1.Keys.Where(s => (s.AppId.Length == 0 || s.AppId == appId) && (s.Kind.Length == 0 || s.Kind == kind));
        foreach (var group in takers.GroupBy(s => (s.AppId, s.Kind, s.ShardId)))
        {
            OriginalSubscription[] members = [.. group];
            foreach (var taker in group.Key.ShardId.Length == 0 ? members : [members[_random.Next(members.Length)]])
            {
                taker.Write(v1!);
            }
        }

        foreach (var (ring, selectors) in v2 is null ? [] : _v2.Keys)
        {
            if (Protocol.Envelopes.RawEnvelope.TryReadHeader(v2, out var header) && Array.Exists(selectors, selector => selector.Matches(header, v2)))
            {
                ring.Write(v2!);
            }
        }
    }

    /// <summary>Ends at once, as a killed process does.</summary>
    public async Task KillAsync()
    {
        foreach (var abort in _aborts.Keys)
        {
            abort();
        }

        using var hurry = new CancellationTokenSource(TimeSpan.Zero);
        await _app!.StopAsync(hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await KillAsync();
        }
    }

    private async Task SubscribeAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> batches, ServerCallContext call)
    {
        var subscription = Parse(request);
        Interlocked.Increment(ref _opened);
        Subscribed.Enqueue(subscription);
        if (FailsAtOnce)
        {
            subscription.Write([0x0A, 0x00]);
        }

        _v1[subscription] = true;
        try
        {
            await RunAsync(subscription, batches, call, once: FailsAtOnce);
        }
        finally
        {
            _v1.TryRemove(subscription, out _);
        }
    }

    private async Task ReceiveAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> batches, ServerCallContext call)
    {
        var asked = Protocol.V2.EgressBatchRequest.Parser.ParseFrom(request.Span);
        request.Dispose();
        var ring = (new OriginalSubscription("", "", asked.ShardId), asked.Selectors.Select(selector => new EnvelopeSelector(selector)).ToArray());
        _v2[ring] = true;
        try
        {
            await RunAsync(ring.Item1, batches, call, once: false);
        }
        finally
        {
            _v2.TryRemove(ring, out _);
        }
    }

    private async Task RunAsync(OriginalSubscription subscription, IServerStreamWriter<MessageBuffer> batches, ServerCallContext call, bool once)
    {
        Action abort = call.GetHttpContext().Abort;
        _aborts[abort] = true;
        try
        {
            await subscription.SendAsync(
                async message =>
                {
                    await batches.WriteAsync(message, call.CancellationToken);
                    if (once)
                    {
                        throw new RpcException(new Status(StatusCode.Unavailable, "It fails at once."));
                    }
                },
                call.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The subscriber has left.
        }
        finally
        {
            _aborts.TryRemove(abort, out _);
        }
    }

    private static OriginalSubscription Parse(MessageBuffer request)
    {
        using (request)
        {
            var asked = Protocol.Plumbing.SubscriptionRequest.Parser.ParseFrom(request.Span);
            var filter = asked.Filter ?? new Protocol.Plumbing.Filter();
            return new OriginalSubscription(filter.AppID, filter.Log is not null ? "log" : filter.Metric is not null ? "metric" : "", asked.ShardID);
        }
    }

    private sealed class Methods : IServiceMethodProvider<OriginalDoppler>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<OriginalDoppler> context)
        {
            context.AddServerStreamingMethod(RawMethods.BatchSubscribe, [], (doppler, request, batches, call) => doppler.SubscribeAsync(request, batches, call));
            context.AddServerStreamingMethod(RawMethods.BatchedReceiver, [], (doppler, request, batches, call) => doppler.ReceiveAsync(request, batches, call));
        }
    }
}
