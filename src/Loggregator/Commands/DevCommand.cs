using System.CommandLine;
using Loggregator.Certificates;
using Loggregator.Configuration;
using Loggregator.Hosting;
using Loggregator.Roles;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator dev</c>: every role in one process, over loopback, by the same code as in production.</summary>
internal static class DevCommand
{
    /// <summary>What is different from the defaults of the roles: everything stays on this machine.</summary>
    private static readonly Setting[] Defaults =
    [
        new("Doppler:Listen", ["127.0.0.1:8082"], "dev"),
        new("TrafficController:GrpcListen", ["127.0.0.1:8083"], "dev"),
        new("Log:Level", ["warning"], "dev"),
    ];

    public static Command Create(Screen screen, TimeProvider time)
    {
        var command = new Command("dev", "Runs agent, Doppler and Traffic Controller in this process, on loopback, with nothing to configure; with --sink a nozzle too.");
        var sources = new ConfigSources(command, null);
        var sink = new Option<string[]>("--sink") { Description = "Where a nozzle delivers to, for example file:///tmp/logs.ndjson; may be repeated.", HelpName = "[NAME=]URL" };
        command.Add(sink);
        command.SetAction(async parsed =>
        {
            var started = time.GetTimestamp();
            var errors = new List<string>();
            List<Setting> written = sources.Read(parsed, errors);
            if (parsed.GetValue(sink) is { Length: > 0 } urls)
            {
                written.Add(new Setting("Nozzle:Sink", urls, sink.Name));
            }

            var roles = RoleTable.IngressToEgress
                .Where(role => role.Section != "Nozzle" || written.Exists(setting => setting.Key.StartsWith("Nozzle:Sink", StringComparison.OrdinalIgnoreCase))).ToList();
            var settings = RoleSettings.Read(roles, [.. Defaults, .. written], errors);
            var certificates = new DevCertificates(CertificatesFolder(), time);
            using var signals = new Signals();
            return await RoleCommand.RunAsync(screen, time, settings, roles, certificates.GetAsync, signals, (plans, phase) =>
            {
                switch (phase)
                {
                    case RunPhase.Planned:
                        ConnectRoles(plans, settings);
                        RoleCommand.EmitToOwnAgent(plans, settings);
                        break;
                    case RunPhase.Running:
                        Welcome(screen, plans, certificates, time.GetElapsedTime(started));
                        _ = Task.Run(async () => await certificates.GetAsync()); // so that the first TLS client does not wait for the keys to be made
                        break;
                    case RunPhase.Stopping:
                        settings.Log.Level = LogLevel.Error; // that the roles miss each other now is no news
                        screen.Notice("stopping; what was held in memory goes with it; Ctrl-C again ends at once");
                        break;
                }
            });
        });
        return command;
    }

    /// <summary>A Doppler on a picked port is where the others look for it, unless they were told otherwise.</summary>
    private static void ConnectRoles(IReadOnlyList<RolePlan> plans, RoleSettings settings)
    {
        var doppler = Reachable(plans, "Doppler:Listen");
        foreach (var plan in plans.Where(plan => plan.Role.Section != "Doppler" && !settings.IsSet($"{plan.Role.Section}:Dopplers")))
        {
            plan.Options.GetType().GetProperty("Dopplers")!.SetValue(plan.Options, new[] { doppler });
        }
    }

    private static void Welcome(Screen screen, IReadOnlyList<RolePlan> plans, DevCertificates certificates, TimeSpan took)
    {
        string At(string key) => Reachable(plans, key);
        string AtIfAny(string key) => plans.SelectMany(plan => plan.Listeners).Any(listener => listener.Key == key) ? At(key) : "off";
        var agent = At("Agent:Listen");
        var http = At("TrafficController:HttpListen");
        var agentFlag = agent == "127.0.0.1:3458" ? "" : $" --agent {agent}";
        var urlFlag = http == "127.0.0.1:8081" ? "" : $" --url http://{http}";
        var nozzle = AtIfAny("Metrics:Nozzle") is var at && at != "off" ? $", {at}" : "";
        string Bold(string text) => screen.Colour ? $"\e[1m{text}\e[0m" : text;
        screen.Out.WriteLine($"""
            {Bold("Loggregator runs")} (ready in {took.TotalSeconds:0.00} s, process {Environment.ProcessId})

              agent                gRPC ingress       {agent}
                                   dropsonde v1, UDP  {AtIfAny("Agent:UdpListen")}
              doppler              gRPC               {At("Doppler:Listen")}
              traffic-controller   HTTP, SSE          http://{http}
                                   reverse log proxy  {At("TrafficController:GrpcListen")}
              metrics              http://{At("Metrics:Agent")}/metrics, {At("Metrics:Doppler")}, {At("Metrics:TrafficController")}{nozzle}
              certificates         {certificates.Folder} (each port takes plaintext or TLS)

            {Bold("Try in another terminal:")}

              loggregator run --source build{agentFlag} -- ls -l
              loggregator tail build{urlFlag}
              loggregator sources --top{urlFlag}

            Ctrl-C ends.
            """);
        screen.Out.Flush();
    }

    private static string Reachable(IReadOnlyList<RolePlan> plans, string key) =>
        plans.SelectMany(plan => plan.Listeners).First(listener => listener.Key == key).Reachable;

    private static string CertificatesFolder() => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "loggregator", "dev");
}
