using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Roles;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.DependencyInjection;

namespace Loggregator.TestKit.Cluster;

/// <summary>One role of the cluster. It can be stopped, killed and started again; each start picks free ports. One caller at a time.</summary>
public sealed class ClusterRole : IAsyncDisposable
{
    private readonly Role _role;
    private readonly IReadOnlyList<Setting> _settings;
    private readonly ErrorRecorder _errors;
    private readonly List<RoleCounters> _lives = [];
    private IRoleLife? _life;

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
    public bool Running => _life is not null;

    /// <summary>Its services while it runs.</summary>
    public IServiceProvider Services => Life.Services;

    /// <summary>Port of its gRPC listener.</summary>
    public int GrpcPort => Life.AddressOf(ListenerKind.Grpc).Port;

    /// <summary>Where its gRPC listener is reached.</summary>
    public string GrpcAddress => Life.AddressOf(ListenerKind.Grpc).ToString();

    /// <summary>Port of its HTTP listener.</summary>
    public int HttpPort => Life.AddressOf(ListenerKind.Http).Port;

    /// <summary>Port of its listener that is log-cache's gateway.</summary>
    public int GatewayPort => Life.AddressOf("TrafficController:LogCacheGatewayListen").Port;

    /// <summary>Port of <c>/metrics</c>, <c>/health</c> and <c>/ready</c>.</summary>
    public int MetricsPort => Life.AddressOf(ListenerKind.Metrics).Port;

    /// <summary>Whether <c>/ready</c> would say so.</summary>
    public bool Ready => _life is { Ready: true };

    /// <summary>It runs in a process of its own.</summary>
    internal bool OwnProcess { get; init; }

    /// <summary>What a test replaces of the host's services.</summary>
    internal Action<IServiceCollection>? MoreServices { get; init; }

    /// <summary>Raised after each start.</summary>
    internal event Action? Started;

    /// <summary>The counters of its lives in this process, the present one last.</summary>
    internal IReadOnlyList<RoleCounters> Lives => _lives;

    private IRoleLife Life => _life ?? throw new InvalidOperationException($"{Name} does not run.");

    /// <summary>Starts it, for the first time or again.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        if (OwnProcess)
        {
            _life = await ProcessLife.StartAsync(_role.Name, _settings, cancel);
        }
        else
        {
            var hosted = HostedLife.Build(Name, _role, _settings, () => _errors.Of(Name), MoreServices);
            _life = hosted;
            _lives.Add(new RoleCounters(Name, hosted.Services));
            await hosted.StartAsync(cancel);
        }

        Started?.Invoke();
    }

    /// <summary>A planned stop: it announces, drains and ends.</summary>
    public Task StopAsync()
    {
        var life = Life;
        _life = null;
        return life.StopAsync();
    }

    /// <summary>Ends it without a word and without draining; in this process, the cluster has cut its links before.</summary>
    internal Task AbortAsync()
    {
        if (!OwnProcess)
        {
            _lives[^1].Killed = true;
        }

        var life = Life;
        _life = null;
        return life.AbortAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Running)
        {
            await AbortAsync();
        }
    }
}
