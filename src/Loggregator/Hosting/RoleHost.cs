using System.Net;
using System.Net.Sockets;
using Loggregator.Client.Connect;
using Loggregator.Hosting.Telemetry;
using Loggregator.Hosting.Tls;
using Loggregator.Protocol.Grpc;
using Loggregator.Roles;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Loggregator.Hosting;

/// <summary>One role in a web host of its own, so that several live in one process and each stops and drains by itself.</summary>
internal sealed class RoleHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<bool> _ready;

    private RoleHost(Role role, WebApplication app, IReadOnlyList<Listener> listeners, TimeSpan drainDeadline)
    {
        Role = role;
        Listeners = listeners;
        DrainDeadline = drainDeadline;
        _app = app;
        _ready = () => app.Lifetime.ApplicationStarted.IsCancellationRequested
            && !app.Lifetime.ApplicationStopping.IsCancellationRequested
            && role.Ready(app.Services);
    }

    public Role Role { get; }

    public IReadOnlyList<Listener> Listeners { get; }

    public TimeSpan DrainDeadline { get; }

    /// <summary>Whether it runs and reaches whom it needs.</summary>
    public bool Ready => _ready();

    /// <summary>The role's services, for tests.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Builds the host; nothing runs yet. The listeners are bound and belong to it from here on.</summary>
    public static RoleHost Build(RolePlan plan, HostParts parts)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "loggregator" });
        builder.Logging.AddProvider(parts.Logs(plan.Role.Name));
        builder.WebHost.UseKestrelCore();

        var services = builder.Services;
        services.AddSingleton(parts.Time);
        services.AddMetrics();
        services.AddRoutingCore();
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = RawMethods.MaxMessageBytes;
            options.MaxSendMessageSize = null;
            options.IgnoreUnknownServices = false;
        });
        services.RemoveAll<IHostLifetime>();
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(provider => new PeerConnector(plan.Credentials, provider.GetRequiredService<ILogger<PeerConnector>>()));
        services.AddSingleton<MetricsPage>();
        services.AddSingleton<ProcessMetrics>();
        services.Configure<HostOptions>(options =>
        {
            options.ShutdownTimeout = plan.DrainDeadline + TimeSpan.FromSeconds(1);
            options.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.StopHost;
        });
        services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = endPoint => BoundSocket(plan.Listeners, endPoint));
        services.AddOptions<KestrelServerOptions>().Configure<ILoggerFactory>((options, loggers) =>
            Listen(options, plan.Listeners, new HandshakeFailures(loggers.CreateLogger("Loggregator.Tls"), parts.Time), parts.Time));
        foreach (var udp in plan.Listeners.Where(listener => listener.Kind == ListenerKind.Udp))
        {
            services.AddSingleton(udp.Take(udp.Bound));
        }

        plan.Role.Add(services, plan.Options);
        foreach (var report in plan.EmitTo.Length > 0 ? SelfReports.Of(plan.Role.Section) : [])
        {
            services.AddSingleton<IHostedService>(provider => new SelfMetricsEmitter(report, plan.EmitTo, provider.GetRequiredService<PeerConnector>(), provider, parts.Time));
        }

        var app = builder.Build();
        var host = new RoleHost(plan.Role, app, plan.Listeners, plan.DrainDeadline);
        foreach (var listener in plan.Listeners.Where(listener => listener.Serve is not null))
        {
            var serve = listener.Serve!(app.Services);
            app.Use(next => context => context.Features.Get<ListenerFeature>()?.Listener == listener ? serve(context) : next(context));
        }

        app.UseRouting();
        var gate = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Loggregator.Access");
        app.Use(next => new Gatekeeper(next, plan.Role.Name, new PeerRolePolicy(plan.RoleCheck), gate).InvokeAsync);
        plan.Role.Map(app);
        app.Services.GetRequiredService<ProcessMetrics>();
        HealthEndpoints.Map(app, plan.Role, host._ready, app.Services.GetRequiredService<MetricsPage>(), parts.Time);
        app.UseEndpoints(_ => { });
        return host;
    }

    public async Task StartAsync(CancellationToken cancel)
    {
        await (Role.Prepare?.Invoke(_app.Services) ?? Task.CompletedTask);
        await _app.StartAsync(cancel);
    }

    /// <summary>Stops taking, drains what was taken within the deadline, cuts the rest.</summary>
    public async Task StopAsync()
    {
        using var deadline = new CancellationTokenSource(DrainDeadline, _app.Services.GetRequiredService<TimeProvider>());
        try
        {
            await _app.StopAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            // The deadline passed inside a hosted service; told below.
        }

        if (deadline.IsCancellationRequested)
        {
            Log.DrainCut(_app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Loggregator.Shutdown"), DrainDeadline.TotalSeconds);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Takes changed options over, where the role can.</summary>
    public Task ReloadAsync(object options) => Role.Reload?.Invoke(_app.Services, options) ?? Task.CompletedTask;

    /// <summary>Completes when the role stops by itself, which only a fault makes it do.</summary>
    public Task WaitForStopAsync()
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _app.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        return stopping.Task;
    }

    private static Socket BoundSocket(IReadOnlyList<Listener> listeners, EndPoint endPoint) =>
        listeners.First(listener => listener.Kind != ListenerKind.Udp && listener.AllBound.Contains(endPoint)).Take((IPEndPoint)endPoint);

    private static void Listen(KestrelServerOptions options, IReadOnlyList<Listener> listeners, HandshakeFailures failures, TimeProvider time)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null; // streams are idle for as long as their producers are
        options.Limits.MinResponseDataRate = null;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        var http2 = options.Limits.Http2;
        http2.MaxStreamsPerConnection = 100_000; // unlimited at the originals; one connection may carry every stream of a Traffic Controller
        http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
        http2.InitialStreamWindowSize = 8 * 1024 * 1024;
        http2.MaxFrameSize = 64 * 1024;
        http2.KeepAlivePingDelay = TimeSpan.FromSeconds(15);
        http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        foreach (var listener in listeners.Where(listener => listener.Kind != ListenerKind.Udp))
        {
            var tls = new TlsListener(listener, time, failures);
            foreach (var bound in listener.AllBound)
            {
                options.Listen(bound, listen =>
                {
                    listen.Protocols = listener.Kind switch
                    {
                        ListenerKind.Grpc => HttpProtocols.Http2,
                        ListenerKind.Http when listener.Security != ListenerSecurity.Plaintext => HttpProtocols.Http1AndHttp2,
                        _ => HttpProtocols.Http1,
                    };
                    listen.Use(next => connection => tls.OnConnectionAsync(connection, next));
                });
            }
        }
    }
}
