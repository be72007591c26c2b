using System.CommandLine;
using Loggregator.Configuration;

namespace Loggregator.Commands;

/// <summary>The options by which every role takes its configuration: a file, the environment, flags, in rising precedence.</summary>
internal sealed class ConfigSources
{
    private static readonly SettingFlag[] Shared =
    [
        new("--cert", "FILE", "This role's certificate (PEM).", "Tls:Certificate"),
        new("--key", "FILE", "Its private key (PEM).", "Tls:Key"),
        new("--ca", "FILE", "The CA that peers must be of (PEM).", "Tls:Authority"),
        new("--roles", "auto|enforce|warn|off", "Whether callers' certificates must name their role.", "Tls:Roles"),
        new("--insecure-plaintext", null, "Allow plaintext beyond loopback.", "Tls:InsecurePlaintext"),
        new("--log-level", "LEVEL", "The least that is logged.", "Log:Level"),
    ];

    private readonly Option<string?> _file = new("--config") { Description = "JSON file with comments.", HelpName = "FILE" };
    private readonly Option<string[]> _set = new("--set") { Description = "Any setting, as Section:Key=value.", HelpName = "KEY=VALUE" };
    private readonly List<(Option<string[]> Option, string Key)> _texts = [];
    private readonly List<(Option<bool> Option, string Key)> _switches = [];

    /// <summary>Adds the options to a command; those of the role's section, and those that all share.</summary>
    public ConfigSources(Command command, string? section)
    {
        command.Add(_file);
        foreach (var flag in Flags(section))
        {
            if (flag.Value is null)
            {
                var option = new Option<bool>(flag.Name) { Description = flag.Description };
                command.Add(option);
                _switches.Add((option, flag.Key));
            }
            else
            {
                var option = new Option<string[]>(flag.Name) { Description = flag.Description, HelpName = flag.Value };
                command.Add(option);
                _texts.Add((option, flag.Key));
            }
        }

        command.Add(_set);
    }

    /// <summary>The flags of the role that has this section, or those that all commands with a configuration share.</summary>
    public static IEnumerable<SettingFlag> Flags(string? section) => [.. OfRole(section), .. OfEveryRole(section), .. Shared];

    /// <summary>The configuration file that was given; null when there is none.</summary>
    public string? File(ParseResult parsed) => parsed.GetValue(_file) is { Length: > 0 } file ? file : null;

    /// <summary>All settings in rising precedence; a wrong file or flag goes into <paramref name="errors"/>.</summary>
    public List<Setting> Read(ParseResult parsed, List<string> errors)
    {
        var settings = File(parsed) is { } file ? JsonSettings.Read(file, errors) : [];
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

    private static SettingFlag[] OfRole(string? section) => section switch
    {
        "Agent" =>
        [
            new("--listen", "ADDRESS", "Where producers send to.", "Agent:Listen"),
            new("--udp-listen", "ADDRESS", "Where dropsonde v1 is taken; empty: nowhere.", "Agent:UdpListen"),
            new("--doppler", "ADDRESS,…", "The Dopplers; a name stands for all of its addresses.", "Agent:Dopplers"),
            new("--original-dopplers", null, "The Dopplers are those of the original Loggregator.", "Agent:OriginalDopplers"),
            new("--push-v1", null, "Send original Dopplers over Pusher what came as v1.", "Agent:PushV1"),
            new("--tag", "NAME=VALUE", "A tag that every envelope gets.", "Agent:Tags"),
            new("--ring-bytes", "SIZE", "Memory for what waits for a Doppler.", "Agent:RingBytes"),
        ],
        "Doppler" =>
        [
            new("--listen", "ADDRESS", "Where agents and readers connect.", "Doppler:Listen"),
            new("--log-bytes", "SIZE", "Memory for the log.", "Doppler:LogBytes"),
            new("--id", "ID", "The name by which agents place their lanes.", "Doppler:Id"),
        ],
        "TrafficController" =>
        [
            new("--http-listen", "ADDRESS", "Where streams are read over HTTP.", "TrafficController:HttpListen"),
            new("--grpc-listen", "ADDRESS", "Where streams are read over gRPC.", "TrafficController:GrpcListen"),
            new("--doppler", "ADDRESS,…", "The Dopplers; a name stands for all of its addresses.", "TrafficController:Dopplers"),
            new("--original-doppler", "ADDRESS,…", "Dopplers of the original Loggregator.", "TrafficController:OriginalDopplers"),
            new("--no-access-control", null, "Let anyone who reaches the HTTP port read everything.", "TrafficController:NoAccessControl"),
            new("--max-egress-streams", "N", "gRPC streams at a time.", "TrafficController:MaxEgressStreams"),
        ],
        "Nozzle" =>
        [
            new("--sink", "[NAME=]URL", "Where to deliver to, for example kafka://broker:9092/logs; may be repeated.", "Nozzle:Sink"),
            new("--shard-id", "ID", "The group: nozzles of one id share the envelopes.", "Nozzle:ShardId"),
            new("--doppler", "ADDRESS,…", "The Dopplers; a name stands for all of its addresses.", "Nozzle:Dopplers"),
            new("--egress", "ADDRESS", "An original reverse log proxy or Doppler to read instead.", "Nozzle:Egress"),
            new("--spool", "FOLDER", "Where each sink keeps what waits for it.", "Nozzle:Spool"),
        ],
        _ => [],
    };

    private static SettingFlag[] OfEveryRole(string? section) => section is null ? [] :
    [
        new("--metrics-listen", "ADDRESS", "Where /metrics, /health and /ready are.", $"Metrics:{section}"),
        new("--emit-to", "ADDRESS", "The agent that gets this role's own metrics as envelopes.", "Metrics:EmitTo"),
        new("--drain-deadline", "TIME", "How long a stop may take.", $"{section}:DrainDeadline"),
    ];
}
