using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Loggregator.IntegrationTests;

/// <summary>
/// The agent's side of a Doppler, and no more: takes Ingest and BatchSender, keeps what it got, answers as the protocol demands, and misbehaves
/// when a test asks for it.
/// </summary>
internal sealed class AgentFakeDoppler : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<(string Agent, ulong Epoch, uint Lane), ulong> _held = new();
    private readonly Lock _lock = new();
    private readonly List<Got> _got = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _duplicates;

    private AgentFakeDoppler(string id, WebApplication app)
    {
        Id = id;
        _app = app;
    }

    public string Id { get; }

    public int Port { get; private set; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Stops answering batches for good; greetings are still answered.</summary>
    public volatile bool Mute;

    /// <summary>Tells in its answers that it leaves.</summary>
    public volatile bool Leaving;

    /// <summary>Breaks each Ingest stream after so many batches, before they are answered; 0 never.</summary>
    public volatile int BreakAfter;

    public int Streams;

    public static async Task<AgentFakeDoppler> StartAsync(string id, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = RawMethods.MaxMessageBytes);
        builder.Services.AddSingleton<Service>();
        builder.Services.AddSingleton<IServiceMethodProvider<Service>, Methods>();
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        AgentFakeDoppler? doppler = null;
        builder.Services.AddSingleton(_ => doppler!);
        var app = builder.Build();
        app.MapGrpcService<Service>();
        doppler = new AgentFakeDoppler(id, app);
        await app.StartAsync();
        doppler.Port = new Uri(app.Urls.Single()).Port;
        return doppler;
    }

    public IReadOnlyList<Got> Received
    {
        get
        {
            lock (_lock)
            {
                return [.. _got];
            }
        }
    }

    /// <summary>Waits until <paramref name="enough"/> holds for what has been received.</summary>
    public async Task WaitForAsync(Func<IReadOnlyList<Got>, bool> enough, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (enough(_got))
                {
                    return;
                }

                more = _more.Task;
            }

            try
            {
                await more.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Doppler {Id} still misses {what}; it has {Received.Count} envelopes.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private void Take(ReadOnlySpan<byte> message, ulong n, bool resent, uint lane)
    {
        lock (_lock)
        {
            var records = new RecordReader(message);
            while (records.MoveNext())
            {
                var envelope = records.Current.ToArray();
                if (!RawEnvelope.TryRead(envelope, out var header))
                {
                    throw new InvalidOperationException("The agent sent an invalid envelope.");
                }

                Stamp.TryRead(envelope, header, out var epoch, out var sequence);
                _got.Add(new Got(Encoding.UTF8.GetString(header.SourceId.Of(envelope)), header, epoch, sequence, n, resent, lane, envelope));
            }

            _more.TrySetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    internal sealed record Got(string Source, EnvelopeHeader Header, uint Epoch, ulong Sequence, ulong N, bool Resent, uint Lane, byte[] Bytes)
    {
        public string Text => string.Create(CultureInfo.InvariantCulture, $"{Source}/{Sequence}");
    }

    private sealed class Service(AgentFakeDoppler doppler)
    {
        public async Task IngestAsync(IAsyncStreamReader<MessageBuffer> batches, IServerStreamWriter<MessageBuffer> answers, ServerCallContext context)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            using var gate = new SemaphoreSlim(1);
            var key = (Agent: "", Epoch: 0UL, Lane: 0u);
            var taken = 0;
            async Task AnswerAsync()
            {
                await gate.WaitAsync(end.Token);
                try
                {
                    using var message = MessageBuffer.Rent(256);
                    new IngestAnswer
                    {
                        Appended = doppler._held.GetValueOrDefault(key),
                        DopplerId = doppler.Id,
                        Incarnation = 1,
                        Leaving = doppler.Leaving,
                        Duplicates = (ulong)Interlocked.Read(ref doppler._duplicates),
                    }.WriteTo(message);
                    await answers.WriteAsync(message, end.Token);
                }
                finally
                {
                    gate.Release();
                }
            }

            async Task BeatAsync()
            {
                while (true)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(200), end.Token);
                    if (!doppler.Mute)
                    {
                        await AnswerAsync();
                    }
                }
            }

            Interlocked.Increment(ref doppler.Streams);
            var beat = BeatAsync();
            try
            {
                while (await batches.MoveNext(end.Token))
                {
                    using var message = batches.Current;
                    if (!IngestBatchCodec.TryReadHeader(message.Span, out var header))
                    {
                        throw new RpcException(new Status(StatusCode.InvalidArgument, "Malformed."));
                    }

                    if (header.HasHello)
                    {
                        var hello = IngestHello.Parser.ParseFrom(header.Hello.Of(message.Span));
                        key = (hello.AgentId, hello.Epoch, hello.Lane);
                        await AnswerAsync();
                        continue;
                    }

                    if (header.N > doppler._held.GetValueOrDefault(key))
                    {
                        doppler.Take(message.Span, header.N, header.Resent, key.Lane);
                        doppler._held[key] = header.N;
                    }
                    else
                    {
                        Interlocked.Increment(ref doppler._duplicates);
                    }

                    if (doppler.BreakAfter > 0 && ++taken >= doppler.BreakAfter)
                    {
                        throw new RpcException(new Status(StatusCode.Internal, "Broken on purpose."));
                    }

                    if (!doppler.Mute)
                    {
                        await AnswerAsync();
                    }
                }
            }
            finally
            {
                await end.CancelAsync();
                await beat.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        public async Task<MessageBuffer> BatchSenderAsync(IAsyncStreamReader<MessageBuffer> batches, ServerCallContext context)
        {
            while (await batches.MoveNext(context.CancellationToken))
            {
                using var message = batches.Current;
                doppler.Take(message.Span, 0, false, 0);
            }

            throw new RpcException(new Status(StatusCode.Unknown, "EOF")); // as the original does
        }
    }

    private sealed class Methods : IServiceMethodProvider<Service>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Service> context)
        {
            context.AddDuplexStreamingMethod(RawMethods.Ingest, [], (service, batches, answers, call) => service.IngestAsync(batches, answers, call));
            context.AddClientStreamingMethod(RawMethods.BatchSender, [], (service, batches, call) => service.BatchSenderAsync(batches, call));
        }
    }
}
