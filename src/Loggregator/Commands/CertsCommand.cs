using System.CommandLine;
using Loggregator.Certificates;
using Loggregator.Nozzle.Settings;
using Loggregator.Terminal;

namespace Loggregator.Commands;

/// <summary><c>loggregator certs init|issue</c>.</summary>
internal static class CertsCommand
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);

    public static Command Create(Screen screen, TimeProvider time) =>
        new("certs", "Makes a private CA and the certificates with which roles know each other.") { CreateInit(screen, time), CreateIssue(screen, time) };

    private static Command CreateInit(Screen screen, TimeProvider time)
    {
        var (folder, force, keep) = (Folder(), Force(), Keep());
        var command = new Command("init", "Makes a CA: ca.crt, which every role gets, and ca.key, which stays here.") { folder, force, keep };
        command.SetAction(parsed =>
        {
            var target = new CertificateFolder(parsed.GetRequiredValue(folder), parsed.GetValue(force));
            if (parsed.GetValue(keep) && target.Has("ca"))
            {
                screen.Error.WriteLine($"{target.AuthorityCertificate} is kept.");
                return ExitCode.Done;
            }

            using var authority = PrivateAuthority.Create(time.GetUtcNow(), AuthorityLifetime);
            target.Write(authority);
            screen.Out.WriteLine($"{target.AuthorityCertificate}  valid until {authority.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
            screen.Out.Flush();
            screen.Error.WriteLine($"Keep {target.AuthorityKey} to yourself: whoever has it can make certificates for any role.");
            screen.Error.WriteLine($"Next: loggregator certs issue agent doppler traffic-controller --dir {parsed.GetRequiredValue(folder)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateIssue(Screen screen, TimeProvider time)
    {
        var roles = new Argument<string[]>("ROLE")
        {
            Description = "For whom: " + string.Join("; ", CertificateRole.All.Select(role => $"{role.Name}: {role.Purpose}")),
            Arity = ArgumentArity.OneOrMore,
        };
        roles.AcceptOnlyFromAmong([.. CertificateRole.All.Select(role => role.Name)]);
        var (folder, force, keep) = (Folder(), Force(), Keep());
        var names = new Option<string[]>("--name") { Description = "Further DNS names or IP addresses in the certificates.", HelpName = "NAME" };
        var life = new Option<string>("--valid-for") { Description = "How long they are valid.", HelpName = "TIME", DefaultValueFactory = _ => "365d" };
        var command = new Command("issue", "Issues certificates to roles: ROLE.crt and ROLE.key.") { roles, folder, names, life, force, keep };
        command.SetAction(parsed =>
        {
            if (!ValueText.TryReadDuration(parsed.GetRequiredValue(life), out var lifetime) || lifetime == TimeSpan.Zero)
            {
                screen.Error.WriteLine("loggregator certs issue: --valid-for takes a duration such as 365d or 12h.");
                return ExitCode.WrongUsage;
            }

            var target = new CertificateFolder(parsed.GetRequiredValue(folder), parsed.GetValue(force));
            using var authority = target.ReadAuthority();
            var asked = parsed.GetRequiredValue(roles).Distinct().ToList();
            var width = asked.Max(name => target.Certificate(name).Length);
            foreach (var name in asked)
            {
                if (parsed.GetValue(keep) && target.Has(name))
                {
                    screen.Error.WriteLine($"{target.Certificate(name)} is kept.");
                    continue;
                }

                var role = CertificateRole.All.Single(r => r.Name == name);
                using var leaf = authority.Issue(role, parsed.GetValue(names) ?? [], time.GetUtcNow(), lifetime);
                target.Write(name, leaf);
                var subjects = string.Join(", ", role.Names.Concat(parsed.GetValue(names) ?? []));
                screen.Out.WriteLine($"{target.Certificate(name).PadRight(width)}  valid until {leaf.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC  for {subjects}");
            }

            screen.Out.Flush();
            var first = target.Certificate(asked[0]);
            screen.Error.WriteLine($"Use: --cert {first} --key {Path.ChangeExtension(first, ".key")} --ca {target.AuthorityCertificate}");

            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string> Folder() => new("--dir") { Description = "The folder.", HelpName = "DIR", DefaultValueFactory = _ => "certs" };

    private static Option<bool> Force() => new("--force") { Description = "Replace what is there." };

    private static Option<bool> Keep() => new("--keep") { Description = "Leave what is there as it is, and make only what is missing." };
}
