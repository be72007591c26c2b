using System.Net;
using Grpc.Net.Client;
using Loggregator.Doppler;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>A Doppler on a port of its own, plaintext HTTP/2, and clients for it.</summary>
internal sealed class DopplerHost : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];

    private DopplerHost(WebApplication app) => App = app;

    public WebApplication App { get; }

    public string Address { get; private set; } = "";

    public DopplerCounters Counters => App.Services.GetRequiredService<DopplerCounters>();

    public SeriesStore Series => App.Services.GetRequiredService<SeriesStore>();

    public Ingress.IngressClient Ingress => new(Channel());

    public Egress.EgressClient Egress => new(Channel());

    public static CancellationToken Patience => TestContext.Current.CancellationToken;

    public static async Task<DopplerHost> StartAsync(Action<DopplerOptions>? change = null)
    {
        var options = new DopplerOptions { LogBytes = 32 * 1024 * 1024, DrainDeadline = TimeSpan.FromSeconds(2) };
        change?.Invoke(options);
        Assert.Empty(options.Validate());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
        });
        builder.WebHost.UseUrls();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = RawMethods.MaxMessageBytes;
            grpc.MaxSendMessageSize = null;
        });
        builder.Services.AddDoppler(options);
        var app = builder.Build();
        app.MapDoppler();
        var host = new DopplerHost(app);
        await app.StartAsync(Patience);
        host.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return host;
    }

    public GrpcChannel Channel()
    {
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>Opens a stream and waits until the Doppler has it.</summary>
    public async Task<EgressReader> ReadAsync(params Selector[] selectors) =>
        await ReadAsync(new EgressBatchRequest { Selectors = { selectors } });

    public async Task<EgressReader> ReadAsync(EgressBatchRequest request)
    {
        var call = Egress.BatchedReceiver(request, cancellationToken: Patience);
        await call.ResponseHeadersAsync;
        return new EgressReader(call);
    }

    public async Task SendAsync(params Envelope[] envelopes) =>
        await Ingress.SendAsync(new EnvelopeBatch { Batch = { envelopes } }, cancellationToken: Patience);

    /// <summary>Waits for a condition; the failure says which.</summary>
    public static Task UntilAsync(Func<bool> holds, string what) => Deadline.UntilAsync(holds, () => what, Patience);

    /// <summary>What went in is in the log or dropped; what matched was written or lost.</summary>
    public async Task AssertConservationAsync()
    {
        var counters = Counters;
        var delivery = counters.Delivery;
        await UntilAsync(
            () => Interlocked.Read(ref counters.Received) == counters.Appended + Interlocked.Read(ref counters.Invalid) + Interlocked.Read(ref counters.TooLarge)
                && Interlocked.Read(ref delivery.Matched) == Interlocked.Read(ref delivery.Written) + Interlocked.Read(ref delivery.Evicted)
                    + Interlocked.Read(ref delivery.TooLarge) + Interlocked.Read(ref delivery.PeerGone) + Interlocked.Read(ref delivery.Returned) + delivery.Unconverted.Sum()
                && Series.Counters.Received + Series.Counters.Loaded
                    == Series.Counters.Appended + Series.Counters.Folded + Series.Counters.Replaced + Series.Counters.TooLarge
                && counters.Groups.All(group => group.Matched == group.Acknowledged + group.Dropped + group.Held),
            "conservation holds");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        await App.DisposeAsync();
    }
}
