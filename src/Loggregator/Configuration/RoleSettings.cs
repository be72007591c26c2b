using Loggregator.Nozzle.Settings;
using Loggregator.Roles;

namespace Loggregator.Configuration;

/// <summary>The settings of all roles of a process, read from all places, and all that is wrong with them.</summary>
internal sealed class RoleSettings
{
    private readonly Dictionary<string, object> _sections;
    private readonly SettingsBinder _binder;

    private RoleSettings(Dictionary<string, object> sections, SettingsBinder binder, List<string> errors)
    {
        _sections = sections;
        _binder = binder;
        Errors = errors;
    }

    /// <summary>Everything that is wrong, each with key, place and cure.</summary>
    public List<string> Errors { get; }

    public TlsOptions Tls => (TlsOptions)_sections["Tls"];

    public MetricsOptions Metrics => (MetricsOptions)_sections["Metrics"];

    public LogOptions Log => (LogOptions)_sections["Log"];

    /// <summary>Reads the settings for the given roles; <paramref name="sources"/> in rising precedence.</summary>
    public static RoleSettings Read(IReadOnlyList<Role> roles, IEnumerable<Setting> sources, List<string> errors)
    {
        var sections = roles.Concat(RoleTable.IngressToEgress).DistinctBy(role => role.Section)
            .ToDictionary(role => role.Section, role => role.NewOptions(), StringComparer.OrdinalIgnoreCase);
        sections["Tls"] = new TlsOptions();
        sections["Metrics"] = new MetricsOptions();
        sections["Log"] = new LogOptions();
        var binder = new SettingsBinder(sections, errors);
        foreach (var setting in sources)
        {
            binder.Apply(setting);
        }

        var settings = new RoleSettings(sections, binder, errors);
        errors.AddRange(settings.Tls.Validate().Select(e => binder.WithOrigin(e, "Tls")));
        errors.AddRange(settings.Metrics.Validate().Select(e => binder.WithOrigin(e, "Metrics")));
        foreach (var role in roles)
        {
            errors.AddRange(role.Validate(settings.Options(role)).Select(e => binder.WithOrigin(Prefixed(e, role.Section), role.Section)));
        }

        return settings;
    }

    /// <summary>The options of a role.</summary>
    public object Options(Role role) => _sections[role.Section];

    /// <summary>Whether somebody wrote this key.</summary>
    public bool IsSet(string key) => _binder.Origin(key) is not null;

    /// <summary>The settings that the role uses, with their origin.</summary>
    public IEnumerable<(string Key, string Value, string? Origin)> Effective(Role role) => _binder.Effective([role.Section, "Tls", "Metrics", "Log"]);

    /// <summary>How long a role's stop may take.</summary>
    public TimeSpan DrainDeadline(Role role) =>
        _binder.Effective([role.Section]).Where(s => s.Key.EndsWith(":DrainDeadline", StringComparison.Ordinal)).Select(s => s.Value).FirstOrDefault() is { } text
        && ValueText.TryReadDuration(text, out var deadline) ? deadline : TimeSpan.FromSeconds(10);

    private static string Prefixed(string error, string section) =>
        error.StartsWith(section + ":", StringComparison.Ordinal) ? error : $"{section}:{error}";
}
