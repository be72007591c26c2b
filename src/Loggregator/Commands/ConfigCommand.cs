using System.CommandLine;
using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Roles;
using Loggregator.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Loggregator.Commands;

/// <summary><c>loggregator config check|print ROLE</c>.</summary>
internal static class ConfigCommand
{
    public static Command Create(Screen screen, TimeProvider time) => new("config", "Checks or shows the configuration of a role, without starting it.")
    {
        CreateOne("check", "Tells all errors of a role's configuration at once.", screen, time, (settings, role) =>
        {
            screen.Out.WriteLine($"The configuration of {role.Name} is good.");
        }),
        CreateOne("print", "Shows a role's effective settings and where each comes from.", screen, time, (settings, role) =>
        {
            var lines = settings.Effective(role).ToList();
            var keys = lines.Max(line => line.Key.Length);
            var values = lines.Max(line => line.Value.Length);
            foreach (var (key, value, origin) in lines)
            {
                var from = origin ?? "default";
                var text = $"{key.PadRight(keys)} = {value.PadRight(values)}  ";
                screen.Out.WriteLine(screen.Colour ? $"{text}\e[2m# {from}\e[0m" : $"{text}# {from}");
            }
        }),
    };

    private static Command CreateOne(string name, string description, Screen screen, TimeProvider time, Action<RoleSettings, Role> action)
    {
        var command = new Command(name, description);
        foreach (var role in RoleTable.IngressToEgress)
        {
            command.Add(CreateOf(role, name, screen, time, action));
        }

        return command;
    }

    /// <summary>Takes the options that the role itself takes, so that its command line can be checked as it stands.</summary>
    private static Command CreateOf(Role role, string name, Screen screen, TimeProvider time, Action<RoleSettings, Role> action)
    {
        var command = new Command(role.Name, $"That of '{role.Name}' with these options.");
        var sources = new ConfigSources(command, role.Section);
        command.SetAction(parsed =>
        {
            var errors = new List<string>();
            var settings = RoleSettings.Read([role], sources.Read(parsed, errors), errors);
            if (name == "check")
            {
                using var planner = new RolePlanner(settings, time, NullLogger.Instance);
                planner.Check([role]);
            }

            if (errors.Count > 0)
            {
                ConfigReport.Write(screen, errors);
                return ExitCode.Failed;
            }

            action(settings, role);
            return ExitCode.Done;
        });
        return command;
    }
}
