using System.Collections.Concurrent;
using System.Net;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Selectors;
using Loggregator.Protocol.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Loggregator.TestKit.Originals;

/// <summary>
/// A Doppler that behaves as the original does: towards Traffic Controllers <c>plumbing.Doppler/BatchSubscribe</c> and
/// <c>loggregator.v2.Egress/BatchedReceiver</c>, towards agents <c>plumbing.DopplerIngestor/Pusher</c> and <c>BatchSender</c>, which it never
/// answers; a ring for each subscriber, no log, no service of our own. Plaintext, loopback.
/// </summary>
public sealed class OriginalDoppler : IAsyncDisposable
{
    private readonly ConcurrentDictionary<OriginalSubscription, bool> _v1 = new();
    private readonly ConcurrentDictionary<(OriginalSubscription Ring, EnvelopeSelector[] Selectors), bool> _v2 = new();
    private readonly ConcurrentDictionary<Action, bool> _aborts = new();
    private readonly Random _random = new(1);
    private WebApplication? _app;
    private long _pushed, _batched;
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

    /// <summary>Envelopes that came over Pusher.</summary>
    public long Pushed => Interlocked.Read(ref _pushed);

    /// <summary>Envelopes that came over BatchSender.</summary>
    public long Batched => Interlocked.Read(ref _batched);

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
            foreach (var taker in group.Key.ShardId.Length == 0 ? members : [Draw(members)])
            {
                taker.Write(v1!);
            }
        }

        foreach (var (ring, selectors) in v2 is null ? [] : _v2.Keys)
        {
            if (RawEnvelope.TryReadHeader(v2, out var header) && Array.Exists(selectors, selector => selector.Matches(header, v2)))
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

    // What comes in one version is converted, and goes out in both.
    private async Task<MessageBuffer> PushAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext call)
    {
        while (await messages.MoveNext(call.CancellationToken))
        {
            using var message = messages.Current;
            var v1 = Protocol.Plumbing.EnvelopeData.Parser.ParseFrom(message.Span).Payload.ToByteArray();
            if (DropsondeEnvelope.TryRead(v1, out var header) == ConversionFault.None)
            {
                using var v2 = MessageBuffer.Rent(1024);
                V1ToV2.Write(v2, v1, header, DropsondeTagging.None);
                Interlocked.Increment(ref _pushed);
                Publish(v1);
                Publish("", false, null, v2.Span.ToArray());
            }
        }

        throw new RpcException(new Status(StatusCode.Unknown, "EOF"));
    }

    private async Task<MessageBuffer> BatchSenderAsync(IAsyncStreamReader<MessageBuffer> messages, ServerCallContext call)
    {
        while (await messages.MoveNext(call.CancellationToken))
        {
            using var message = messages.Current;
            var records = new RecordReader(message.Span);
            while (records.MoveNext())
            {
                using var converted = MessageBuffer.Rent(1024);
                RawEnvelope.TryReadHeader(records.Current, out var header);
                V2ToV1.Write(converted, records.Current, header, int.MaxValue, out _);
                Interlocked.Increment(ref _batched);
                Publish("", false, null, records.Current.ToArray());
                var v1 = new RecordReader(converted.Span);
                while (v1.MoveNext())
                {
                    Publish(v1.Current.ToArray());
                }
            }
        }

        throw new RpcException(new Status(StatusCode.Unknown, "EOF"));
    }

    private void Publish(byte[] v1)
    {
        var envelope = Protocol.Dropsonde.Envelope.Parser.ParseFrom(v1);
        var app = envelope.EventType switch
        {
            Protocol.Dropsonde.Envelope.Types.EventType.LogMessage => envelope.LogMessage.AppId,
            Protocol.Dropsonde.Envelope.Types.EventType.ContainerMetric => envelope.ContainerMetric.ApplicationId,
            Protocol.Dropsonde.Envelope.Types.EventType.HttpStartStop when envelope.HttpStartStop.ApplicationId is { } id =>
                new Guid([.. BitConverter.GetBytes(id.Low), .. BitConverter.GetBytes(id.High)], bigEndian: true).ToString(),
            _ => "system",
        };
        Publish(app, envelope.LogMessage is not null, v1, null);
    }

    private OriginalSubscription Draw(OriginalSubscription[] members)
    {
        lock (_random)
        {
            return members[_random.Next(members.Length)];
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
            context.AddClientStreamingMethod(RawMethods.Pusher, [], (doppler, messages, call) => doppler.PushAsync(messages, call));
            context.AddClientStreamingMethod(RawMethods.BatchSender, [], (doppler, messages, call) => doppler.BatchSenderAsync(messages, call));
            context.AddServerStreamingMethod(RawMethods.BatchSubscribe, [], (doppler, request, batches, call) => doppler.SubscribeAsync(request, batches, call));
            context.AddServerStreamingMethod(RawMethods.BatchedReceiver, [], (doppler, request, batches, call) => doppler.ReceiveAsync(request, batches, call));
        }
    }
}
