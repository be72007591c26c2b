using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Roles;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.TestKit.Cluster;

/// <summary>One role of the cluster in a host of its own. It can be stopped, killed and started again; each start picks free ports. One caller at a time.</summary>
public sealed class ClusterRole : IAsyncDisposable
{
    private readonly Role _role;
    private readonly IReadOnlyList<Setting> _settings;
    private readonly ErrorRecorder _errors;
    private readonly List<RoleCounters> _lives = [];
    private RolePlanner? _planner;
    private RoleHost? _host;

    internal ClusterRole(Role role, int index, IReadOnlyDictionary<string, string[]> settings, ErrorRecorder errors)
    {
        _role = role;
        _errors = errors;
        _settings = [.. settings.Select(setting => new Setting(setting.Key, setting.Value, "the test"))];
        Name = $"{role.Name}-{index}";
    }

    /// <summary>Its name in logs and messages, for example <c>doppler-1</c>.</summary>
    public string Name { get; }

    /// <summary>Whether it has been started and not ended since.</summary>
    public bool Running => _host is not null;

    /// <summary>Its services while it runs.</summary>
    public IServiceProvider Services => Host.Services;

    /// <summary>Port of its gRPC listener.</summary>
    public int GrpcPort => PortOf(ListenerKind.Grpc);

    /// <summary>Where its gRPC listener is reached.</summary>
    public string GrpcAddress => $"127.0.0.1:{GrpcPort}";

    /// <summary>Port of its HTTP listener.</summary>
    public int HttpPort => PortOf(ListenerKind.Http);

    /// <summary>Port of <c>/metrics</c>, <c>/health</c> and <c>/ready</c>.</summary>
    public int MetricsPort => PortOf(ListenerKind.Metrics);

    /// <summary>Whether <c>/ready</c> would say so.</summary>
    public bool Ready => _host is { } host && host.Role.Ready(host.Services);

    /// <summary>Raised after each start.</summary>
    internal event Action? Started;

    /// <summary>The counters of its lives, the present one last.</summary>
    internal IReadOnlyList<RoleCounters> Lives => _lives;

    private RoleHost Host => _host ?? throw new InvalidOperationException($"{Name} does not run.");

    /// <summary>Starts it, for the first time or again.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        var errors = new List<string>();
        var settings = RoleSettings.Read([_role], _settings, errors);
        _planner = new RolePlanner(settings, TimeProvider.System, NullLogger.Instance);
        var plans = _planner.Plan([_role]);
        if (errors.Count > 0)
        {
            throw new InvalidOperationException($"{Name} cannot be started: {string.Join(" ", errors)}");
        }

        _host = RoleHost.Build(plans[0], new HostParts(TimeProvider.System, _ => _errors.Of(Name)));
        _lives.Add(new RoleCounters(Name, _host.Services));
        await _host.StartAsync(cancel);
        Started?.Invoke();
    }

    /// <summary>A planned stop: it announces, drains and ends.</summary>
    public async Task StopAsync()
    {
        await Host.StopAsync();
        await EndAsync();
    }

    /// <summary>Ends it without a word and without draining; the cluster has cut its links before.</summary>
    internal async Task AbortAsync()
    {
        _lives[^1].Killed = true;
        try
        {
            await Services.GetRequiredService<IHost>().StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // What could not end at once was cut.
        }

        await EndAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await AbortAsync();
        }
    }

    private async Task EndAsync()
    {
        var host = Host;
        _host = null;
        await host.DisposeAsync();
        _planner!.Dispose();
    }

    private int PortOf(ListenerKind kind) => Host.Listeners.First(listener => listener.Kind == kind).Bound.Port;
}
