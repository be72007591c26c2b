using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Pipeline.Sharding;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>A Doppler reduced to its wire: an unbounded list of envelopes, Attach with positions and credit, and the original's BatchedReceiver.</summary>
internal sealed class FakeDoppler : IAsyncDisposable
{
    private readonly Lock _sync = new();
    private readonly List<byte[]> _log = [];
    private readonly ConcurrentDictionary<FakeAttach, bool> _attached = new();
    private readonly ConcurrentDictionary<FakeReceiver, bool> _receivers = new();
    private WebApplication? _app;
    private int _sourcesAsked;

    public int Port { get; private set; }

    private IPAddress Host { get; init; } = IPAddress.Any;

    public string Id { get; init; } = "doppler-" + Guid.NewGuid().ToString("N")[..6];

    public ulong Incarnation { get; private set; } = 1;

    /// <summary>Every Open request ever received.</summary>
    public ConcurrentQueue<Open> Opens { get; } = new();

    /// <summary>Every BatchedReceiver request ever received.</summary>
    public ConcurrentQueue<Protocol.V2.EgressBatchRequest> Requests { get; } = new();

    /// <summary>Answers reads; null: the method is not there.</summary>
    public Func<ReadRequest, IServerStreamWriter<MessageBuffer>, ServerCallContext, Task>? OnRead { get; set; }

    /// <summary>Answers reads of series; null: the method is not there.</summary>
    public Func<ReadSeriesRequest, IServerStreamWriter<MessageBuffer>, ServerCallContext, Task>? OnReadSeries { get; set; }

    /// <summary>Answers aggregations; null: the method is not there.</summary>
    public Func<AggregateSeriesRequest, IServerStreamWriter<MessageBuffer>, ServerCallContext, Task>? OnAggregateSeries { get; set; }

    /// <summary>Sources requests received.</summary>
    public int SourcesAsked => Volatile.Read(ref _sourcesAsked);

    public string Address => $"127.0.0.1:{Port}";

    public int Attachments => _attached.Count;

    public int Subscriptions => _attached.Keys.Sum(attach => attach.Count);

    public int Receivers => _receivers.Count;

    /// <summary>Starts one, on all addresses and a free port unless told otherwise.</summary>
    public static async Task<FakeDoppler> StartAsync(IPAddress? address = null, int port = 0)
    {
        var doppler = new FakeDoppler { Port = port, Host = address ?? IPAddress.Any };
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
            kestrel.Listen(Host, Port, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.Services.AddSingleton<IServiceMethodProvider<FakeDoppler>, Methods>();
        _app = builder.Build();
        _app.MapGrpcService<FakeDoppler>();
        await _app.StartAsync();
        Port = new Uri(_app.Urls.First()).Port;
    }

    /// <summary>Appends envelopes; subscriptions get them.</summary>
    public void Append(params byte[][] envelopes)
    {
        lock (_sync)
        {
            _log.AddRange(envelopes);
        }

        Wake();
        foreach (var receiver in _receivers.Keys)
        {
            receiver.Send(envelopes);
        }
    }

    /// <summary>Tells every subscription a loss.</summary>
    public void TellGap(string source, ulong count)
    {
        foreach (var attach in _attached.Keys)
        {
            attach.TellGap(source, count);
        }
    }

    /// <summary>Announces that it holds these sources, and nothing else up to where it is now.</summary>
    public void Announce(params string[] sources)
    {
        var filter = HeldFilter.Create(sources.Length);
        foreach (var source in sources)
        {
            HeldFilter.Add(filter, HeldFilter.Hashes, Encoding.UTF8.GetBytes(source));
        }

        foreach (var attach in _attached.Keys)
        {
            attach.SendRest(new AttachFrame
            {
                Held = new HeldSources
                {
                    Filter = Google.Protobuf.ByteString.CopyFrom(filter),
                    Hashes = HeldFilter.Hashes,
                    Position = (ulong)At(int.MaxValue).Head,
                },
            });
        }
    }

    /// <summary>Says that it leaves.</summary>
    public void Leave()
    {
        foreach (var attach in _attached.Keys)
        {
            attach.SendRest(new AttachFrame { Leaving = true });
        }
    }

    /// <summary>Stops at once, as a killed process does.</summary>
    public async Task KillAsync()
    {
        foreach (var attach in _attached.Keys)
        {
            attach.Abort();
        }

        using var hurry = new CancellationTokenSource(TimeSpan.Zero);
        try
        {
            await _app!.StopAsync(hurry.Token);
        }
        catch (OperationCanceledException)
        {
            // As meant.
        }

        await _app!.DisposeAsync();
        _app = null;
    }

    /// <summary>Comes back with nothing, as another run.</summary>
    public async Task RestartAsync()
    {
        lock (_sync)
        {
            _log.Clear();
            Incarnation++;
        }

        await ListenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await KillAsync();
        }
    }

    internal (byte[]? Envelope, int Head) At(int position)
    {
        lock (_sync)
        {
            return (position < _log.Count ? _log[position] : null, _log.Count);
        }
    }

    internal void Remove(FakeAttach attach) => _attached.TryRemove(attach, out _);

    private void Wake()
    {
        foreach (var attach in _attached.Keys)
        {
            attach.Wake();
        }
    }

    private async Task AttachAsync(IAsyncStreamReader<MessageBuffer> requests, IServerStreamWriter<MessageBuffer> frames, ServerCallContext call)
    {
        var attach = new FakeAttach(this, call.GetHttpContext().Abort);
        _attached[attach] = true;
        try
        {
            await attach.RunAsync(requests, frames, call.CancellationToken);
        }
        finally
        {
            Remove(attach);
        }
    }

    private async Task ReceiveAsync(MessageBuffer request, IServerStreamWriter<MessageBuffer> batches, ServerCallContext call)
    {
        var asked = Protocol.V2.EgressBatchRequest.Parser.ParseFrom(request.Span);
        request.Dispose();
        Requests.Enqueue(asked);
        using var receiver = new FakeReceiver([.. asked.Selectors.Select(selector => new EnvelopeSelector(selector))]);
        _receivers[receiver] = true;
        try
        {
            await receiver.RunAsync(batches, call.CancellationToken);
        }
        finally
        {
            _receivers.TryRemove(receiver, out _);
        }
    }

    private Task ReadAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext call)
    {
        var request = ReadRequest.Parser.ParseFrom(message.Span);
        message.Dispose();
        return OnRead?.Invoke(request, frames, call) ?? throw new RpcException(new Status(StatusCode.Unimplemented, "no reads here"));
    }

    private Task ReadSeriesAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext call)
    {
        var request = ReadSeriesRequest.Parser.ParseFrom(message.Span);
        message.Dispose();
        return OnReadSeries?.Invoke(request, frames, call) ?? throw new RpcException(new Status(StatusCode.Unimplemented, "no series here"));
    }

    private Task AggregateSeriesAsync(MessageBuffer message, IServerStreamWriter<MessageBuffer> frames, ServerCallContext call)
    {
        var request = AggregateSeriesRequest.Parser.ParseFrom(message.Span);
        message.Dispose();
        return OnAggregateSeries?.Invoke(request, frames, call) ?? throw new RpcException(new Status(StatusCode.Unimplemented, "no aggregation here"));
    }

    private async Task SourcesAsync(IServerStreamWriter<MessageBuffer> frames)
    {
        Interlocked.Increment(ref _sourcesAsked);
        var frame = new SourcesFrame { DopplerId = Id };
        lock (_sync)
        {
            foreach (var group in _log.GroupBy(SourceOf))
            {
                frame.Sources.Add(new Source { SourceId = group.Key, Envelopes = (ulong)group.Count(), ByType = { 0, (ulong)group.Count() } });
            }
        }

        using var message = MessageBuffer.Rent(frame.CalculateSize());
        Google.Protobuf.MessageExtensions.WriteTo(frame, message);
        await frames.WriteAsync(message);
    }

    private static string SourceOf(byte[] envelope) => Protocol.V2.Envelope.Parser.ParseFrom(envelope).SourceId;

    private sealed class Methods : IServiceMethodProvider<FakeDoppler>
    {
        private static readonly Method<MessageBuffer, MessageBuffer> Sources = new(
            MethodType.ServerStreaming, RawMethods.Internal, "Sources", RawMethods.Marshaller, RawMethods.Marshaller);

        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<FakeDoppler> context)
        {
            context.AddDuplexStreamingMethod(RawMethods.Attach, [], (doppler, requests, frames, call) => doppler.AttachAsync(requests, frames, call));
            context.AddServerStreamingMethod(RawMethods.BatchedReceiver, [], (doppler, request, batches, call) => doppler.ReceiveAsync(request, batches, call));
            context.AddServerStreamingMethod(RawMethods.Read, [], (doppler, request, frames, call) => doppler.ReadAsync(request, frames, call));
            context.AddServerStreamingMethod(RawMethods.ReadSeries, [], (doppler, request, frames, call) => doppler.ReadSeriesAsync(request, frames, call));
            context.AddServerStreamingMethod(RawMethods.AggregateSeries, [], (doppler, request, frames, call) => doppler.AggregateSeriesAsync(request, frames, call));
            context.AddServerStreamingMethod(Sources, [], (doppler, request, frames, _) =>
            {
                request.Dispose();
                return doppler.SourcesAsync(frames);
            });
        }
    }
}
