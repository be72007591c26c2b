using System.Globalization;
using System.Reflection;
using System.Text;
using Loggregator.Commands;
using Loggregator.Configuration;
using Loggregator.Nozzle.Settings;
using Loggregator.Roles;

namespace Loggregator.Tests.Reference;

/// <summary>Writes docs/configuration.md from the options classes, their validators and the flags.</summary>
internal static class ConfigurationReference
{
    private const string Head = """
        # Configuration

        Every setting of every role, made from the code; a test compares ([how to make it anew](../CONTRIBUTING.md)).

        A setting is written in a JSON file (`--config FILE`, comments and trailing commas are fine), in the environment, with a flag, or as
        `--set KEY=VALUE`; what comes later in this list wins. `loggregator config print ROLE` shows what holds and where it was written, `loggregator config check ROLE`
        tells every error at once. `loggregator dev` takes the settings of all roles, by `--set`.

        ```json
        {
          // an agent that ships to two Dopplers
          "Agent": {
            "Dopplers": ["doppler-1.internal:8082", "doppler-2.internal:8082"],
            "RingBytes": "128MiB",
            "Tags": { "deployment": "prod" },
          },
          "Tls": { "Certificate": "agent.crt", "Key": "agent.key", "Authority": "ca.crt" },
        }
        ```

        Times are `500ms`, `10s`, `5m` or `00:00:10`; sizes are bytes, or `64KiB`, `128MiB`, `1GiB`; lists have commas in the environment and in flags, and
        flags may be repeated; an entry of a map is `NAME=VALUE`, or a key of its own: `LOGGREGATOR_Agent__Tags__deployment=prod`.

        The commands that read or feed a pipeline have options of their own (`loggregator tail --help`), and three variables for their defaults:
        `LOGGREGATOR_URL` for `--url`, `LOGGREGATOR_TOKEN` for `--token`, `LOGGREGATOR_AGENT` for `--agent`.

        """;

    public static string Render()
    {
        var text = new StringBuilder(Head);
        foreach (var role in RoleTable.IngressToEgress)
        {
            Section(text, $"`{role.Section}`: the role `{role.Name}`", role.Section, role.NewOptions, role.Validate, SettingFlags(role.Section));
        }

        Section(text, "`Tls`: every role", "Tls", () => new TlsOptions(), options => ((TlsOptions)options).Validate(), SettingFlags(null));
        Section(text, "`Metrics`: every role", "Metrics", () => new MetricsOptions(), options => ((MetricsOptions)options).Validate(), MetricsFlags());
        Section(text, "`Log`: every role", "Log", () => new LogOptions(), _ => [], SettingFlags(null));
        return text.ToString();
    }

    /// <summary>All keys there are.</summary>
    public static IEnumerable<string> Keys() => RoleTable.IngressToEgress.Select(role => (role.Section, Options: role.NewOptions()))
        .Concat([("Tls", new TlsOptions()), ("Metrics", new MetricsOptions()), ("Log", new LogOptions())])
        .SelectMany(section => Properties(section.Options).Select(property => $"{section.Section}:{property.Name}"));

    private static ILookup<string, string> SettingFlags(string? section) => ConfigSources.Flags(section).ToLookup(flag => flag.Key, flag => flag.Name);

    private static ILookup<string, string> MetricsFlags() => RoleTable.IngressToEgress
        .SelectMany(role => ConfigSources.Flags(role.Section)).Select(flag => (flag.Key, flag.Name)).Distinct().ToLookup(flag => flag.Key, flag => flag.Name);

    private static void Section(
        StringBuilder text, string title, string section, Func<object> defaults, Func<object, IEnumerable<string>> validate, ILookup<string, string> flags)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n");
        text.Append("| key | environment | flag | default | meaning | limits |\n|---|---|---|---|---|---|\n");
        foreach (var property in Properties(defaults()))
        {
            var key = $"{section}:{property.Name}";
            string[] cells =
            [
                $"`{key}`",
                $"`LOGGREGATOR_{section}__{property.Name}`",
                string.Join(", ", flags[key].Select(flag => $"`{flag}`")),
                Default(property, defaults()),
                XmlDocs.Of(property, "summary") ?? throw new InvalidOperationException($"{key} has no summary, which is its meaning in the reference."),
                SettingLimits.Of(section, property, defaults, validate),
            ];
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
        }
    }

    private static PropertyInfo[] Properties(object options) =>
        [.. options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite)];

    private static string Default(PropertyInfo property, object options)
    {
        if (XmlDocs.Of(property, "value") is { } computed)
        {
            return computed.TrimEnd('.');
        }

        var value = ValueText.Write(property.GetValue(options));
        return value.Length == 0 ? "" : $"`{value}`";
    }
}
