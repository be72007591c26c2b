using System.Net;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.TrafficController;
using Loggregator.TrafficController.Metrics;
using Loggregator.TrafficController.Upstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Loggregator.IntegrationTests.TrafficController;

/// <summary>The role in a host of its own, with a port for HTTP and one for gRPC.</summary>
internal sealed class TrafficControllerHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TrafficControllerHost(WebApplication app)
    {
        _app = app;
        var urls = app.Urls.Select(url => new Uri(url)).ToArray();
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = urls[0], Timeout = Timeout.InfiniteTimeSpan };
        Channel = GrpcChannel.ForAddress(urls[1], new GrpcChannelOptions { MaxReceiveMessageSize = 10 * 1024 * 1024 });
        HttpPort = urls[0].Port;
    }

    public HttpClient Http { get; }

    public int HttpPort { get; }

    public GrpcChannel Channel { get; }

    public TrafficControllerCounters Counters => _app.Services.GetRequiredService<TrafficControllerCounters>();

    public TrafficControllerService Service => _app.Services.GetRequiredService<TrafficControllerService>();

    public TrafficControllerEvents Events => _app.Services.GetRequiredService<TrafficControllerEvents>();

    public DopplerSet Dopplers => _app.Services.GetRequiredService<DopplerSet>();

    public MetricReads Metrics => _app.Services.GetRequiredService<MetricReads>();

    /// <summary>Starts it and waits until the given Dopplers are attached.</summary>
    /// <param name="dopplers">What it is configured with.</param>
    /// <param name="configure">Changes its options.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="wait">Whether to wait.</param>
    /// <param name="resolve">Answers for every name.</param>
    /// <param name="services">What the test puts in the place of the role's own.</param>
    public static async Task<TrafficControllerHost> StartAsync(
        FakeDoppler[] dopplers,
        Action<TrafficControllerOptions>? configure = null,
        TimeProvider? time = null,
        bool wait = true,
        Func<IPAddress[]>? resolve = null,
        Action<IServiceCollection>? services = null)
    {
        var options = new TrafficControllerOptions { Dopplers = [.. dopplers.Select(doppler => doppler.Address)] };
        configure?.Invoke(options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(new PeerConnector(resolve: resolve is null ? null : (_, _) => Task.FromResult(resolve())));
        services?.Invoke(builder.Services);
        builder.Services.AddTrafficController(options);
        var app = builder.Build();
        app.MapTrafficController();
        await app.StartAsync();
        var host = new TrafficControllerHost(app);
        if (wait && options.Dopplers.Length > 0)
        {
            await Eventually.TrueAsync(() => host.Counters.DopplersAttached == options.Dopplers.Length, "all Dopplers are attached");
        }

        return host;
    }

    /// <summary>Waits until a client has stopped taking what is written: for a while not one byte more has been.</summary>
    public async Task WriteStandsStillAsync()
    {
        await Eventually.TrueAsync(() => Counters.WrittenBytes > 0 && Counters.Held > 0, "something is written, and more is held");
        for (var (still, last) = (0, -1L); still < 20; still = last == Counters.WrittenBytes ? still + 1 : 0)
        {
            last = Counters.WrittenBytes;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public Task StopAsync() => _app.StopAsync();

    /// <summary>What was taken over for streams has been written, dropped or left out, to the last envelope.</summary>
    public void AssertConservation()
    {
        var c = Counters;
        Assert.Equal(c.Matched, c.Written + c.Dropped + c.Filtered + c.Duplicates + c.Trimmed + c.Held);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        await _app.DisposeAsync();
    }
}
