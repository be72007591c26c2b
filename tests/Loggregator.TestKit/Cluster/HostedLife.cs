using System.Net;
using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Roles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.TestKit.Cluster;

/// <summary>A role in a host of its own in this process.</summary>
internal sealed class HostedLife : IRoleLife
{
    private readonly RolePlanner _planner;
    private readonly RoleHost _host;

    private HostedLife(RolePlanner planner, RoleHost host)
    {
        _planner = planner;
        _host = host;
    }

    public IServiceProvider Services => _host.Services;

    public bool Ready => _host.Role.Ready(_host.Services);

    /// <summary>Builds it; <paramref name="services"/> may replace what the host would provide.</summary>
    public static HostedLife Build(string name, Role role, IReadOnlyList<Setting> settings, Func<ILoggerProvider> logs, Action<IServiceCollection>? services)
    {
        var errors = new List<string>();
        var planner = new RolePlanner(RoleSettings.Read([role], [new("Metrics:EmitTo", [""], "the test"), .. settings], errors), TimeProvider.System, NullLogger.Instance);
        var plans = planner.Plan([role]);
        if (errors.Count > 0)
        {
            throw new InvalidOperationException($"{name} cannot be started: {string.Join(" ", errors)}");
        }

        var adding = role with { Add = role.Add + ((all, _) => services?.Invoke(all)) };
        return new HostedLife(planner, RoleHost.Build(plans[0] with { Role = adding }, new HostParts(TimeProvider.System, _ => logs())));
    }

    public Task StartAsync(CancellationToken cancel) => _host.StartAsync(cancel);

    public IPEndPoint AddressOf(ListenerKind kind) => _host.Listeners.First(listener => listener.Kind == kind).Bound;

    public IPEndPoint AddressOf(string key) => _host.Listeners.First(listener => listener.Key == key).Bound;

    public async Task StopAsync()
    {
        await _host.StopAsync();
        await EndAsync();
    }

    public async Task AbortAsync()
    {
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

    private async Task EndAsync()
    {
        await _host.DisposeAsync();
        _planner.Dispose();
    }
}
