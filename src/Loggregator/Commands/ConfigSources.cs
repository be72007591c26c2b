using System.CommandLine;
using Loggregator.Configuration;

namespace Loggregator.Commands;

/// <summary>The options by which every role takes its configuration: a file, the environment, flags, in rising precedence.</summary>
internal sealed class ConfigSources
{
    private readonly Option<string?> _file = new("--config") { Description = "JSON file with comments.", HelpName = "FILE" };
    private readonly Option<string[]> _set = new("--set") { Description = "Any setting, as Section:Key=value.", HelpName = "KEY=VALUE" };
    private readonly List<(Option<string[]> Option, string Key)> _texts = [];
    private readonly List<(Option<bool> Option, string Key)> _switches = [];

    /// <summary>Adds the options to a command; those of the role's section, and those that all share.</summary>
    public ConfigSources(Command command, string? section)
    {
        command.Add(_file);
        switch (section)
        {
            case "Agent":
                Text(command, "--listen", "ADDRESS", "Where producers send to.", "Agent:Listen");
                Text(command, "--udp-listen", "ADDRESS", "Where dropsonde v1 is taken; empty: nowhere.", "Agent:UdpListen");
                Text(command, "--doppler", "ADDRESS,…", "The Dopplers; a name stands for all of its addresses.", "Agent:Dopplers");
                Switch(command, "--original-dopplers", "The Dopplers are those of the original Loggregator.", "Agent:OriginalDopplers");
                Switch(command, "--push-v1", "Send original Dopplers over Pusher what came as v1.", "Agent:PushV1");
                Text(command, "--tag", "NAME=VALUE", "A tag that every envelope gets.", "Agent:Tags");
                Text(command, "--ring-bytes", "SIZE", "Memory for what waits for a Doppler.", "Agent:RingBytes");
                break;
            case "Doppler":
                Text(command, "--listen", "ADDRESS", "Where agents and readers connect.", "Doppler:Listen");
                Text(command, "--log-bytes", "SIZE", "Memory for the log.", "Doppler:LogBytes");
                Text(command, "--id", "ID", "The name by which agents place their lanes.", "Doppler:Id");
                break;
            case "TrafficController":
                Text(command, "--http-listen", "ADDRESS", "Where streams are read over HTTP.", "TrafficController:HttpListen");
                Text(command, "--grpc-listen", "ADDRESS", "Where streams are read over gRPC.", "TrafficController:GrpcListen");
                Text(command, "--doppler", "ADDRESS,…", "The Dopplers; a name stands for all of its addresses.", "TrafficController:Dopplers");
                Text(command, "--original-doppler", "ADDRESS,…", "Dopplers of the original Loggregator.", "TrafficController:OriginalDopplers");
                Switch(command, "--no-access-control", "Let anyone who reaches the HTTP port read everything.", "TrafficController:NoAccessControl");
                Text(command, "--max-egress-streams", "N", "Streams at a time.", "TrafficController:MaxEgressStreams");
                break;
        }

        if (section is not null)
        {
            Text(command, "--metrics-listen", "ADDRESS", "Where /metrics, /health and /ready are.", $"Metrics:{section}");
            Text(command, "--emit-to", "ADDRESS", "The agent that gets this role's own metrics as envelopes.", "Metrics:EmitTo");
            Text(command, "--drain-deadline", "TIME", "How long a stop may take.", $"{section}:DrainDeadline");
        }

        Text(command, "--cert", "FILE", "This role's certificate (PEM).", "Tls:Certificate");
        Text(command, "--key", "FILE", "Its private key (PEM).", "Tls:Key");
        Text(command, "--ca", "FILE", "The CA that peers must be of (PEM).", "Tls:Authority");
        Text(command, "--roles", "auto|enforce|warn|off", "Whether callers' certificates must name their role.", "Tls:Roles");
        Switch(command, "--insecure-plaintext", "Allow plaintext beyond loopback.", "Tls:InsecurePlaintext");
        Text(command, "--log-level", "LEVEL", "The least that is logged.", "Log:Level");
        command.Add(_set);
    }

    /// <summary>All settings in rising precedence; a wrong file or flag goes into <paramref name="errors"/>.</summary>
    public List<Setting> Read(ParseResult parsed, List<string> errors)
    {
        var settings = parsed.GetValue(_file) is { Length: > 0 } file ? JsonSettings.Read(file, errors) : [];
        settings.AddRange(EnvironmentSettings.Read(Environment.GetEnvironmentVariables()));
        foreach (var (option, key) in _texts)
        {
            if (parsed.GetValue(option) is { Length: > 0 } values)
            {
                settings.Add(new Setting(key, values, option.Name));
            }
        }

        foreach (var (option, key) in _switches)
        {
            if (parsed.GetValue(option))
            {
                settings.Add(new Setting(key, ["true"], option.Name));
            }
        }

        foreach (var text in parsed.GetValue(_set) ?? [])
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add($"--set {text}: write Section:Key=value.");
                continue;
            }

            settings.Add(new Setting(text[..equals], [text[(equals + 1)..]], "--set"));
        }

        return settings;
    }

    private void Text(Command command, string name, string value, string description, string key)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = value };
        command.Add(option);
        _texts.Add((option, key));
    }

    private void Switch(Command command, string name, string description, string key)
    {
        var option = new Option<bool>(name) { Description = description };
        command.Add(option);
        _switches.Add((option, key));
    }
}
