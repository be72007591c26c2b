using System.CommandLine;
using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Hosting.Telemetry;
using Loggregator.Roles;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator agent | doppler | traffic-controller</c>: one role until a signal ends it.</summary>
internal static class RoleCommand
{
    public static Command Create(Role role, Screen screen, TimeProvider time)
    {
        var command = new Command(role.Name, role.Description);
        var sources = new ConfigSources(command, role.Section);
        command.SetAction(async parsed =>
        {
            RoleSettings Read()
            {
                var errors = new List<string>();
                return RoleSettings.Read([role], sources.Read(parsed, errors), errors);
            }

            var file = sources.File(parsed);
            var seen = ReloadWatch.FileStamp.Of(file);
            var settings = Read();
            using var signals = new Signals();
            return await RunAsync(
                screen,
                time,
                settings,
                [role],
                null,
                signals,
                (plans, phase) =>
                {
                    if (phase == RunPhase.Planned)
                    {
                        EmitToOwnAgent(plans, settings);
                    }
                },
                (host, logger) => new ReloadWatch(host, Read, file, seen, time, logger));
        });
        return command;
    }

    /// <summary>Where the agent is started here, it gets the roles' numbers, wherever it listens, unless they were told otherwise.</summary>
    public static void EmitToOwnAgent(IReadOnlyList<RolePlan> plans, RoleSettings settings)
    {
        if (!settings.IsSet("Metrics:EmitTo") && plans.SelectMany(plan => plan.Listeners).FirstOrDefault(listener => listener.Key == "Agent:Listen") is { } agent)
        {
            foreach (var plan in plans)
            {
                plan.EmitTo = agent.Reachable;
            }
        }
    }

    /// <summary>Plans, starts, waits and drains; also what <c>dev</c> does.</summary>
    public static async Task<int> RunAsync(
        Screen screen,
        TimeProvider time,
        RoleSettings settings,
        IReadOnlyList<Role> roles,
        Func<ValueTask<Client.Connect.PeerCredentials>>? devCredentials,
        Signals signals,
        Action<IReadOnlyList<RolePlan>, RunPhase> onPhase,
        Func<RoleHost, ILogger, IAsyncDisposable>? watch = null)
    {
        var parts = new HostParts(time, role => new StderrLoggerProvider(role, settings.Log, time, screen.Error, screen.ErrorColour));
        var logger = parts.Logs("loggregator").CreateLogger("Loggregator.Process");
        using var planner = new RolePlanner(settings, time, logger) { DevCredentials = devCredentials };
        var plans = planner.Plan(roles);
        if (settings.Errors.Count > 0)
        {
            ConfigReport.Write(screen, settings.Errors);
            return ExitCode.Failed;
        }

        onPhase(plans, RunPhase.Planned);
        await using var runner = await RoleRunner.StartAsync(plans, parts, signals.Stopping);
        foreach (var plan in plans)
        {
            ProcessLog.Started(logger, plan.Role.Name, string.Join(", ", plan.Listeners.Select(l => $"{string.Join(" and ", l.AllBound)} ({Word(l.Kind)})")));
        }

        if (plans.Count > 1)
        {
            await runner.WaitUntilReadyAsync(TimeSpan.FromSeconds(3), time, signals.Stopping); // they have each other; one alone may have to wait long for its peers
        }

        onPhase(plans, RunPhase.Running);
        await using var watching = runner.Hosts.FirstOrDefault(host => host.Role.Reload is not null) is { } changing ? watch?.Invoke(changing, logger) : null;
        var failed = await runner.WaitAsync(signals.Stopping);
        if (failed is not null)
        {
            ProcessLog.Failed(logger, failed.Name);
            return ExitCode.Failed;
        }

        onPhase(plans, RunPhase.Stopping);
        ProcessLog.Stopping(logger, plans.Max(plan => plan.DrainDeadline).TotalSeconds);
        await runner.StopAsync();
        ProcessLog.Stopped(logger);
        return ExitCode.Done;
    }

    private static string Word(ListenerKind kind) => kind switch { ListenerKind.Grpc => "gRPC", ListenerKind.Http => "HTTP", ListenerKind.Udp => "UDP", _ => "metrics" };
}
