using Loggregator.Roles;

namespace Loggregator.Hosting;

/// <summary>
/// Runs one role or several in this process: starts them last to first, so that whoever sends finds its receiver, and stops them first to last,
/// so that what was taken in still flows out.
/// </summary>
internal sealed class RoleRunner : IAsyncDisposable
{
    private readonly List<RoleHost> _hosts;

    private RoleRunner(List<RoleHost> hosts) => _hosts = hosts;

    /// <summary>The hosts, ingress to egress.</summary>
    public IReadOnlyList<RoleHost> Hosts => _hosts;

    /// <summary>Builds and starts the roles.</summary>
    public static async Task<RoleRunner> StartAsync(IReadOnlyList<RolePlan> plans, HostParts parts, CancellationToken cancel)
    {
        var runner = new RoleRunner([.. plans.Select(plan => RoleHost.Build(plan, parts))]);
        try
        {
            for (var i = runner._hosts.Count - 1; i >= 0; i--)
            {
                await runner._hosts[i].StartAsync(cancel);
            }
        }
        catch
        {
            await runner.DisposeAsync();
            throw;
        }

        return runner;
    }

    /// <summary>Waits, within limits, until every role is ready, so that who is told of it finds the roles joined to each other.</summary>
    public async Task WaitUntilReadyAsync(TimeSpan within, TimeProvider time, CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        while (!_hosts.TrueForAll(host => host.Ready) && time.GetElapsedTime(started) < within)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Waits until asked to stop; the role that stopped by itself before that, or null.</summary>
    public async Task<Role?> WaitAsync(CancellationToken stopping)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stopping.Register(asked.SetResult);
        var ends = _hosts.ToDictionary(host => host.WaitForStopAsync(), host => host.Role);
        var ended = await Task.WhenAny([asked.Task, .. ends.Keys]);
        return ends.GetValueOrDefault(ended);
    }

    /// <summary>Stops and drains the roles, each within its deadline.</summary>
    public async Task StopAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }
    }
}
